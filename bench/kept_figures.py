"""What benchmark and proofs kept of their last full run, as sections of the page on the copy."""

import json
from pathlib import Path
from typing import Any

from bench.bench_copy import KEPT as THROUGHPUT
from bench.bench_copy import WANTED
from prove.table import KEPT as PROOFS

RESUMING = ("crash-safe", "resume", "parallel: two runs")
"""How the promises begin that the section on kills shows."""


def throughput(path: Path = THROUGHPUT) -> str:
    """Return the section on speed; one that says how to measure it where nothing is kept."""
    lines = ["## Throughput", ""]
    if not path.exists():
        return "\n".join([*lines, "Not measured yet: `.venv/bin/python -m bench.bench_copy --keep`.", ""])
    found = json.loads(path.read_text(encoding="utf-8"))
    by = f"`{found['model']}` on `{found['device']}` in {found['dtype']}, {found['threads']} threads, {found['engine']}"
    lines += [
        "Measured by `.venv/bin/python -m bench.bench_copy --keep`, all in one run and on the same prompts.",
        f"Written by {by}. Machine: {' before, '.join(found['machine'])} after.",
        "",
        "| way | drafts | tokens/s | seconds | of CPU | engine's start | our step against it | by CPU | wanted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_way(name, way) for name, way in found["ways"].items()]
    price = found["cost_per_thousand"]
    cost = "no price an hour is set" if price is None else f"{price:.4f} {found['currency']} for 1,000"
    lines += ["", f"{found['messages']} messages, {found['messages_a_second']:.2f} a second with the start; {cost}."]
    if found["reuse"]:
        lines += ["", _shared(found["reuse"])]
    return "\n".join(lines) + "\n"


def resuming(path: Path = PROOFS) -> str:
    """Return the section on kills; one that says how to prove it where nothing is kept."""
    lines = ["## Resume after kills", ""]
    if not path.exists():
        return "\n".join([*lines, "Not kept yet: `.venv/bin/python -m prove copy kills races --keep`.", ""])
    found = json.loads(path.read_text(encoding="utf-8"))
    lines += [
        f"Kept by `python -m prove copy kills races --keep`, seed {found['seed']}.",
        "",
        "| promise | trials | failures | figures |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one['promise']} | {one['trials']} | {one['failures']} | {one['figures']} |"
        for one in found["findings"]
        if one["promise"].startswith(RESUMING)
    ]
    return "\n".join(lines) + "\n"


def _way(name: str, way: dict[str, Any]) -> str:
    wanted = f"{WANTED[name]:.2f}" if name in WANTED else ""
    cells = [name, f"{way['drafts']}", f"{way['tokens_a_second']:.0f}", f"{way['seconds']:.1f}", f"{way['cpu']:.1f}"]
    cells += [f"{way['start']:.1f}", f"{way['ours_against_it']:.2f}", f"{way['ours_against_it_by_cpu']:.2f}", wanted]
    return f"| {' | '.join(cells)} |"


def _shared(reuse: dict[str, Any]) -> str:
    return (
        f"Shared on {reuse['data_day']}: {reuse['messages']} messages of {reuse['prompts']} different prompts"
        f" ({reuse['messages_per_prompt']:.2f} messages a prompt); {reuse['drafts_made']} drafts were asked for in all."
    )
