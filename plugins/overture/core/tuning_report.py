"""The page that says what a search for better factors found and why the gate decided as it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overture.core.champion_gate import Comparison, Verdict

BEST = 10
"""So many trials are shown."""


@dataclass(frozen=True)
class Found:
    """What a search came to. trials: of each its number, value and parameters. stated: how it was done, by name."""

    day: str
    trials: Sequence[tuple[int, float, Mapping[str, float]]]
    candidate: Mapping[str, object]
    champion: Mapping[str, object]
    verdict: Verdict
    stated: Mapping[str, object]


def report(found: Found) -> str:
    """Return the page in Markdown."""
    verdict = found.verdict
    parts = [
        f"# Factors tuned as of {found.day}",
        verdict.reason,
        "## Candidate and champion, on the days of the gate",
        _comparisons(verdict),
        "The interval is that of the difference, at 95 %, from users drawn again and again; each user counts once.",
        "## What they are made with",
        _table(
            ["parameter", "candidate", "champion"],
            [[name, value, found.champion.get(name)] for name, value in found.candidate.items()],
        ),
        f"## The best of {len(found.trials)} trials, on the days of the search",
        "The value is nDCG@10 as a multiple of the champion's, the mean of both tasks; trial 0 is the champion.",
        _trials(found),
        "## How",
        "\n".join(f"- {name}: {value}" for name, value in found.stated.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _comparisons(verdict: Verdict) -> str:
    rows = [[task, "champion", *_figures(each)] for task, each in verdict.tasks.items()]
    rows.append(["discover", verdict.baseline, *_figures(verdict.against_baseline)])
    return _table(["task", "against", "users", "candidate", "other", "difference", "low", "high"], rows)


def _figures(compared: Comparison) -> list[object]:
    lead = compared.lead
    leads = [f"{value:+.4f}" for value in (lead.value, lead.low, lead.high)]
    return [compared.users, f"{compared.candidate:.4f}", f"{compared.other:.4f}", *leads]


def _trials(found: Found) -> str:
    best = sorted(found.trials, key=lambda trial: (-trial[1], trial[0]))[:BEST]
    names = list(found.trials[0][2])
    return _table(
        ["trial", "value", *names],
        [
            [number, f"{value:.4f}", *(f"{parameters[name]:.4g}" for name in names)]
            for number, value, parameters in best
        ],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
