"""Processes that outlive the command that starts them, each a session of its own, known by id and start time."""

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from overture.orchestration.credentials import write_private


@dataclass(frozen=True)
class Daemon:
    """A started process.

    born: its start time in seconds since 1970, so that another process with a reused id is never taken for it.
    """

    name: str
    pid: int
    born: float


def launch(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, keep_open: Iterable[int] = ()
) -> Daemon:
    """Start a daemon that appends its output to `log` and inherits the file descriptors `keep_open`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
    return Daemon(name, process.pid, psutil.Process(process.pid).create_time())


def is_alive(daemon: Daemon) -> bool:
    """Say whether the process still runs."""
    return _process(daemon) is not None


def stop(daemons: Iterable[Daemon], patience: float = 15.0) -> None:
    """Ask the daemons, and all processes below them, to end; end those that have not after `patience` seconds each way.

    Children are asked too, because a scheduler would wait for its running tasks: those are tried again by the next one.
    """
    found = [process for process in map(_process, daemons) if process is not None]
    family = _family(found)
    _signal(found, signal.SIGTERM)
    _, alive = psutil.wait_procs(found, timeout=patience / 3)
    family += [process for process in _family(alive) if process not in family]
    _signal(family, signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=patience)
    _signal(alive, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=patience)


def load(path: Path) -> list[Daemon]:
    """Return the daemons noted in `path` that still run; an unreadable note counts as empty."""
    try:
        noted = [Daemon(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
    return [daemon for daemon in noted if is_alive(daemon)]


def note(path: Path, daemons: Iterable[Daemon]) -> None:
    """Write the daemons down in `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps([asdict(daemon) for daemon in daemons]))


def _process(daemon: Daemon) -> psutil.Process | None:
    with suppress(psutil.Error):
        process = psutil.Process(daemon.pid)
        if process.create_time() == daemon.born and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _family(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    family: list[psutil.Process] = []
    for process in processes:
        with suppress(psutil.Error):
            family += [process, *process.children(recursive=True)]
    return family


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        if process.pid != os.getpid():
            with suppress(psutil.Error):
                process.send_signal(number)
