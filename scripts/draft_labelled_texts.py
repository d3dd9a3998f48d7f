"""Have the model write bench/labelled_drafts/model_drafts.jsonl anew: .venv/bin/python -m scripts.draft_labelled_texts

The items, the reasons and the seeds of free texts are those of the file. A text that is there already keeps its label;
a new one, as another prompt or engine writes, has the label null, which a reader has to put in.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from overture import copywriting
from overture.adapters.copy_engine.exchange import CopyRequest, Job, RawDraft, read_shards, write_job
from overture.adapters.copy_process import generate_drafts
from overture.adapters.model_store import Model, copy_python, ensure_model
from overture.core.claims import Recipient
from overture.core.titles import readable_title
from overture.message_plans import plan_message
from overture.settings import Settings
from scripts.label_drafts import FOLDER, items_of_the_day

DAY = date(2017, 11, 28)
FREE = r"[A-Z][a-z]{1,11}( [a-z]{1,12}){5,18}\."
"""The grammar of a free text: one sentence in letters alone."""
ORDERS = (
    "You write advertisements for a grocery shop. Praise the item in one short sentence.",
    "You sell groceries. Tell the customer in one short sentence why this item is good.",
)
SECOND_ORDER_SEED = 5000
"""Free texts with this seed or a larger one were asked for by the second order."""


def main() -> None:
    """Write the file; texts whose words are known keep their labels."""
    settings, path = Settings.from_environment(), FOLDER / "model_drafts.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = {(row["item_id"], row["text"]): (row["label"], row["kind"]) for row in rows}
    model = ensure_model(settings)
    requests = _requests(rows, model)
    drafts = _written(settings, model, requests)
    for row, request in zip(rows, requests, strict=True):
        draft = drafts[request.draft_id]
        row |= {"text": draft.text, "seed": request.seed, "model": draft.model}
        row |= {"engine": f"{draft.engine} {draft.engine_version}"}
        row["label"], row["kind"] = labels.get((row["item_id"], draft.text), (None, None))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{path}: {sum(row['label'] is None for row in rows)} of {len(rows)} to be labelled", file=sys.stderr)


def _requests(rows: Sequence[dict[str, Any]], model: Model) -> list[CopyRequest]:
    """Return a request for each row, in order; the second row of an item and reason asks for the second draft."""
    items, asked, found = items_of_the_day(), Counter[tuple[str, str]](), []
    for row in rows:
        item = items[row["item_id"]]
        if row["form"] == "opening":
            pair = row["item_id"], row["reason_item_id"]
            found.append(plan_message(_recipient(item, items[pair[1]]), DAY, model).requests[asked[pair]])
            asked[pair] += 1
        else:
            about = f"Item: {readable_title(item['title'])}\nBrand: {item['brand']}"
            order, seed = ORDERS[row["seed"] >= SECOND_ORDER_SEED], row["seed"]
            found.append(CopyRequest(f"free-{seed}", [["system", order], ["user", about]], FREE, seed, "free"))
    return found


def _recipient(item: dict[str, Any], reason: dict[str, Any]) -> Recipient:
    names = [item[name] for name in ("item_id", "title", "department", "category", "brand", "size")]
    whom = ("USD", reason["item_id"], reason["title"], False, "als_with_ease")
    return Recipient("u1", *names, Decimal(item["price"]), *whom)


def _written(settings: Settings, model: Model, requests: Sequence[CopyRequest]) -> dict[str, RawDraft]:
    with tempfile.TemporaryDirectory(prefix="overture-label-") as scratch:
        job, out = Path(scratch) / "requests.jsonl", Path(scratch) / "shards"
        write_job(job, Job(copywriting.engine_options(model), copywriting.sampling(), list(requests)))
        generate_drafts(copy_python(settings), job, out)
        return read_shards(out)


if __name__ == "__main__":
    main()
