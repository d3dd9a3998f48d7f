"""What a proof found, and the one table that ends `make prove`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

KEPT = Path(__file__).resolve().parent / "kept_findings.json"
"""What `--keep` writes, and the page on the copy shows."""


@dataclass
class Finding:
    """One promise put to the test. failures: one line each; figures: what was measured on the way."""

    promise: str
    trials: int = 0
    failures: list[str] = field(default_factory=list)
    figures: str = ""

    def expect(self, holds: bool, otherwise: str) -> None:
        """Count one trial; note `otherwise` where it failed."""
        self.trials += 1
        self.require(holds, otherwise)

    def require(self, holds: bool, otherwise: str) -> None:
        """Note `otherwise` where what all trials together must lead to is not so."""
        if not holds:
            self.failures.append(otherwise)


def keep(findings: Sequence[Finding], seed: int, path: Path) -> None:
    """Write promises, trials, numbers of failures and figures to a file."""
    rows = [
        {"promise": one.promise, "trials": one.trials, "failures": len(one.failures), "figures": one.figures}
        for one in findings
    ]
    path.write_text(json.dumps({"seed": seed, "findings": rows}, indent=2) + "\n", encoding="utf-8")


def show(findings: Sequence[Finding], seed: int) -> None:
    """Print one row for each promise, then every failure."""
    table = Table(title=f"seed {seed}")
    for column in ("promise", "trials", "failures", "figures"):
        table.add_column(column, justify="right" if column in {"trials", "failures"} else "left", overflow="fold")
    for finding in findings:
        table.add_row(finding.promise, str(finding.trials), str(len(finding.failures)), finding.figures)
    console = Console(width=160)
    console.print(table)
    for finding in findings:
        for failure in finding.failures:
            console.print(f"{finding.promise}: {failure}", markup=False, soft_wrap=True)
