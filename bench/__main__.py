"""Runs the benchmarks of this folder in turn: `python -m bench`, or some of them: `python -m bench als run`."""

import subprocess
import sys
from pathlib import Path

from bench.machine import machine

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the benchmarks' names in order: `als` for bench_als.py."""
    return sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))


def main(wanted: list[str]) -> int:
    """Run the wanted benchmarks, or all; return 0, 1 when one failed, or 2 when there is no such one.

    Each runs in a process of its own, so that none inherits another's memory, threads or caches.
    """
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"bench: no such benchmark; expected: {', '.join(names())}; got: {unknown[0]}", file=sys.stderr)
        return 2
    failed = []
    print(machine(), flush=True)
    for name in wanted or names():
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.bench_{name}"], cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
