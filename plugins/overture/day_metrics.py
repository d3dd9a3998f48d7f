"""Turns what is read of a published day into figures for Prometheus, the same that the day's page shows.

They bear no timestamp, which node_exporter's textfile collector refuses, and the day is no label, for a series that is
new each day is none: one figure, `overture_data_day_timestamp_seconds`, says which day all others are of. Messages that
were recalled are not among the messages.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from overture.adapters.warehouse.report_reads import Reads
from overture.pages.metrics import Figure, Sample

Rows = list[dict[str, Any]]

NUMBER: Final = re.compile(r"(?:([^\s:;]+): )?(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:, such as .*)?")
"""A number that a gate saw, with what it saw it of where it saw several."""

BYTES_PER_MB: Final = 1024 * 1024


def figures_of(day: date, reads: Reads) -> list[Figure]:
    """Return the figures of a published day; what the lake does not have is left out."""
    rows = {
        name: [] if found is None else found.to_pylist()
        for queries in reads.sections.values()
        for name, found in queries.items()
    }
    midnight = datetime.combine(day, time(), UTC).timestamp()
    return [
        Figure(
            "overture_data_day_timestamp_seconds", "Begin of the day that all figures are of.", (), [((), midnight)]
        ),
        *_landed(rows),
        *_listed(rows),
        *_written(rows, reads),
        *_judged(rows["verdicts"]),
        *_taken(rows["costs"]),
    ]


def _landed(rows: Mapping[str, Rows]) -> Iterable[Figure]:
    landed, quarantined = rows["landed"], rows["quarantined"]
    yield Figure("overture_landed_rows", "Rows of the day's files.", ("entity",), _samples(landed, "rows", "entity"))
    labels = ("entity", "column_name", "reason")
    about = "Rows of the day's files that were kept out, by the column and reason that are named most."
    yield Figure("overture_quarantined_rows", about, labels, _samples(quarantined, "rows", *labels))


def _listed(rows: Mapping[str, Rows]) -> Iterable[Figure]:
    labels = ("task", "strategy")
    yield Figure(
        "overture_recommendations", "Places in lists.", labels, _samples(rows["strategies"], "places", *labels)
    )
    about, labels = "Candidates that were kept out of lists.", ("task", "reason")
    yield Figure("overture_dropped_candidates", about, labels, _samples(rows["dropped"], "candidates", *labels))


def _written(rows: Mapping[str, Rows], reads: Reads) -> Iterable[Figure]:
    rungs: Counter[str] = Counter()
    for row in rows["rungs"]:
        # Days that an earlier version made have none.
        rungs["unknown" if row["rung"] is None else row["rung"]] += row["messages"]
    total = reads.published["messages"]
    yield Figure("overture_messages", "Published messages.", (), [((), total)])
    yield Figure("overture_recalled_messages", "Messages that were recalled.", (), [((), reads.withdrawn)])
    shares: list[Sample] = [((rung,), count / total) for rung, count in rungs.items() if total]
    yield Figure("overture_message_rung_ratio", "Share of messages by where the text comes from.", ("rung",), shares)
    refused = [row for row in rows["rungs"] if row["refusal"]]
    about, labels = "Messages by why a higher rung was left.", ("rung", "refusal")
    yield Figure("overture_refused_messages", about, labels, _samples(refused, "messages", *labels))
    texts = [((), row["texts"]) for row in rows["alike"]]
    yield Figure("overture_message_texts", "Different texts among the messages.", (), texts)
    labels = ("metric", "k")
    for name, about in (
        ("value", "How personal the messages are: docs/quality.md."),
        ("by_chance", "By chance alone."),
    ):
        figure = "overture_personalisation" + ("" if name == "value" else f"_{name}")
        yield Figure(figure, about, labels, _samples(rows["personal"], name, *labels))


def _judged(verdicts: Rows) -> Iterable[Figure]:
    counts: dict[tuple[str, ...], float] = {}
    for row in verdicts:
        for outcome, is_so in (("passed", row["success"]), ("failed", not row["success"])):
            counts[row["step"], outcome] = counts.get((row["step"], outcome), 0) + is_so
    about = "Expectations of each gate that were met and that were not."
    yield Figure("overture_gate_expectations", about, ("step", "outcome"), sorted(counts.items()))
    labels = ("step", "expectation")
    seen = [
        ((*(str(row[label]) for label in labels), found[1] or ""), float(found[2]))
        for row in verdicts
        for part in str(row["observed"]).split("; ")
        if (found := NUMBER.fullmatch(part))
    ]
    about = "What each gate saw, such as drift from the usual, where it is a number."
    yield Figure("overture_gate_observed", about, (*labels, "of"), sorted(dict(seen).items()))


def _taken(costs: Rows) -> Iterable[Figure]:
    for name, about, size, times in (
        ("seconds", "Wall time of each step.", "seconds", 1),
        ("peak_memory_bytes", "Peak memory of each step.", "peak_mb", BYTES_PER_MB),
        ("input_tokens", "Tokens that the language model read.", "tokens_in", 1),
        ("output_tokens", "Tokens that the language model wrote.", "tokens_out", 1),
        ("drafts_made", "Drafts that were made.", "drafts_made", 1),
        ("drafts_reused", "Drafts that were stored already.", "drafts_reused", 1),
    ):
        samples = [(labels, number * times) for labels, number in _samples(costs, size, "step")]
        yield Figure(f"overture_step_{name}", about, ("step",), samples)


def _samples(rows: Rows, size: str, *labels: str) -> list[Sample]:
    return [
        (tuple("" if row[label] is None else str(row[label]) for label in labels), float(row[size]))
        for row in rows
        if row[size] is not None
    ]
