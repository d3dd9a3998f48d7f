"""Runs the proofs: `python -m prove`, or some of them: `python -m prove kills races --seed 7`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prove.line import warm_up
from prove.proofs import PROOFS, SHORT, Size, Workshop
from prove.table import KEPT, Finding, keep, show

SEED = 20170101


def main(arguments: list[str]) -> int:
    """Run the proofs that are asked for, or all; print one table; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="proof", help=f"which: {', '.join(PROOFS)} (default: all of these), short"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of every random moment")
    parser.add_argument("--keep", action="store_true", help=f"write what was found to {KEPT.name} too")
    asked = parser.parse_args(arguments)
    known = PROOFS | SHORT
    unknown = sorted(set(asked.names) - set(known))
    if unknown:
        parser.error(f"no such proof; expected: {', '.join(known)}; got: {unknown[0]}")
    print(f"seed {asked.seed}", flush=True)
    warm_up()
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="overture-prove-", ignore_cleanup_errors=True) as folder:
        workshop = Workshop(Path(folder), asked.seed, Size())
        for name in asked.names or PROOFS:
            findings += _timed(name, known[name], workshop)
        show(findings, asked.seed)
    if asked.keep:
        keep(findings, asked.seed, KEPT)
    return int(any(finding.failures for finding in findings))


def _timed(name: str, prove: Callable[[Workshop], list[Finding]], workshop: Workshop) -> list[Finding]:
    began = time.monotonic()
    print(f"{name} ...", flush=True)
    try:
        found = prove(workshop)
    except Exception as error:
        found = [Finding(name, failures=[f"{type(error).__name__}: {error}"])]
    failures = sum(len(finding.failures) for finding in found)
    print(f"{name}: {failures} failures, {time.monotonic() - began:.0f} s", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
