"""The suite of attacks: names that tell the model what to do, as `tests/data/attacks.jsonl` lists them."""

import json

from overture.core.obedience import Attack
from overture.settings import CHECKOUT

FILE = CHECKOUT / "tests" / "data" / "attacks.jsonl"
RECORDS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
ATTACKS = [Attack.from_record(record) for record in RECORDS]
