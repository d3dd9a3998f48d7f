"""A job for the copy worker over the vLLM that is none (`engine_double`), and what came of it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from overture.adapters.copy_engine.exchange import (
    NO_LIMIT,
    Budget,
    CopyRequest,
    EngineOptions,
    Job,
    Part,
    Sampling,
    read_shards,
    write_job,
)
from overture.adapters.copy_process import generate_drafts
from overture.settings import CHECKOUT

DOUBLE = CHECKOUT / "tests" / "support" / "engine_double.py"
BATCH = 6
SAMPLING = Sampling(0.7, 1.0, 40, 1.0, 48)


def requests(count: int, name: str = "draft") -> list[CopyRequest]:
    """Return requests for drafts with ids made of the name and their number."""
    return [CopyRequest(f"{name}{n}", [["user", "Tea"]], "Tea.", n, "test.v1") for n in range(count)]


class DoubleJob:
    """A job in batches of six for an engine that does as `told`; each draft is one token."""

    def __init__(self, folder: Path, asked: Sequence[CopyRequest], budget: Budget = NO_LIMIT, **told: object) -> None:
        self.folder, self.job, self.out = folder, folder / "requests.jsonl", folder / "shards"
        self.python = folder / "python"
        self.python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{DOUBLE}" "$@"\n', encoding="utf-8")
        self.python.chmod(0o755)
        (folder / "double.json").write_text(json.dumps({"failure": "cpu", "fits": BATCH} | told), encoding="utf-8")
        options = EngineOptions(str(folder), "double", "float32", 512, BATCH, 1, 1)
        write_job(self.job, Job(options, SAMPLING, list(asked), budget))

    def generate(self, number: int = 0, of: int = 1) -> None:
        """Run a worker to its end."""
        generate_drafts(self.python, self.job, self.out, Part(number, of))

    @property
    def batches(self) -> list[int]:
        """Sizes of the batches that the engine was given, in order."""
        written = self.folder / "batches.jsonl"
        return [int(line) for line in written.read_text(encoding="utf-8").split()] if written.exists() else []

    @property
    def made(self) -> list[str]:
        """Ids of the drafts that finished shards hold."""
        return sorted(read_shards(self.out))
