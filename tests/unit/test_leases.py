"""Workers that share a folder: none makes what another is making, and a dead one keeps nothing."""

import os
import subprocess
import sys
from pathlib import Path

from overture.adapters.copy_engine.leases import (
    Leases,
    leases_in,
    may_remove_from,
    nothing_removed_from,
    worker_name,
)


def told(leases: Leases, chosen: list[str]) -> set[str]:
    """Take what is chosen; return what others are making at that moment."""
    seen: list[frozenset[str]] = []

    def choose(others: frozenset[str]) -> list[str]:
        seen.append(others)
        return chosen

    leases.take(choose)
    return set(seen[0])


def test_a_worker_is_told_what_the_others_are_making_and_not_its_own(tmp_path: Path) -> None:
    with leases_in(tmp_path) as one, leases_in(tmp_path) as two, leases_in(tmp_path) as three:
        assert told(one, ["a", "b"]) == set()
        assert told(two, ["c"]) == {"a", "b"}
        assert told(three, []) == {"a", "b", "c"}
        assert told(one, ["d"]) == {"c"}
        assert told(three, []) == {"c", "d"}
        assert told(two, []) == {"d"}
        assert told(three, []) == {"d"}


def test_what_a_killed_worker_was_making_is_free_at_once(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from overture.adapters.copy_engine.leases import Leases;"
        "Leases(Path(sys.argv[1]), 'x').take(lambda others: ['a']); print('taken', flush=True); sys.stdin.read()"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as other,
        leases_in(tmp_path) as ours,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        assert told(ours, []) == {"a"}
        other.kill()
        other.wait()
        assert told(ours, []) == set()
    assert list(tmp_path.glob("*.making")) == []


def test_shards_are_not_removed_while_any_run_may_need_them(tmp_path: Path) -> None:
    assert may_remove_from(tmp_path)
    with nothing_removed_from(tmp_path), nothing_removed_from(tmp_path):
        assert not may_remove_from(tmp_path)
    assert may_remove_from(tmp_path)


def test_workers_that_begin_later_have_greater_names() -> None:
    names = [worker_name() for _ in range(50)]
    assert names == sorted(names)
