"""The one write lock of a lake: across processes, first come first served, freed when its holder dies."""

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import duckdb

from overture.errors import ConflictError, LockTimeoutError, WarehouseError

T = TypeVar("T")

LOCK_ROW = "lake"
LOCK_KEY = 0x0F_E7_7C_4E
"""PostgreSQL's advisory locks are numbers; this one is Overture's."""

WAIT_SECONDS = 900
ATTEMPTS = 8

_held: ContextVar[frozenset[str]] = ContextVar("held", default=frozenset())


@contextmanager
def write_lock(catalog: str, purpose: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lake's write lock; wait in line for it. Entered again by its holder, it does nothing.

    Raises LockTimeoutError, which names the holder, after `wait_seconds`; WarehouseError when the catalog does not
    answer. The lock belongs to a database session, so the server frees it when the holder's process ends.
    """
    if catalog in _held.get():
        yield
        return
    import psycopg2

    name = f"overture: {purpose} (process {os.getpid()} on {socket.gethostname()})"
    try:
        session = psycopg2.connect(catalog, application_name=name.encode("ascii", "replace").decode()[:63])
    except psycopg2.OperationalError as error:
        raise WarehouseError("the catalog does not answer", got=error) from error
    try:
        session.autocommit = True
        _acquire(session, purpose, wait_seconds)
        token = _held.set(_held.get() | {catalog})
        try:
            yield
        finally:
            _held.reset(token)
    finally:
        session.close()


def _acquire(session: Any, purpose: str, wait_seconds: float) -> None:
    import psycopg2

    with session.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, false)", (f"{int(wait_seconds * 1000)}ms",))
        try:
            cursor.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
        except psycopg2.errors.LockNotAvailable as error:
            raise LockTimeoutError(
                "the write lock was not free in time",
                where=purpose,
                expected=f"free within {wait_seconds:g} seconds",
                got=f"held by {lock_holder(session)}",
            ) from error


def lock_holder(session: Any) -> str:
    """Name who holds the lock now, or nobody."""
    with session.cursor() as cursor:
        cursor.execute(
            "select application_name from pg_stat_activity join pg_locks using (pid)"
            " where locktype = 'advisory' and granted and classid = 0 and objid = %s",
            (LOCK_KEY,),
        )
        found = cursor.fetchone()
    return str(found[0]) if found else "nobody"


def retry_conflicts(attempt: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
    """Call `attempt` until it meets no conflict with another writer's commit, a bounded number of times.

    Waits with jitter, doubling from 50 ms. Raises ConflictError after the last one.
    """
    for number in range(1, attempts + 1):
        try:
            return attempt()
        except duckdb.TransactionException as error:
            if number == attempts:
                raise ConflictError(
                    "concurrent writers kept colliding", expected=f"a commit within {attempts} attempts", got=error
                ) from error
            time.sleep(0.05 * 2**number * random.uniform(0.5, 1.5))  # noqa: S311 - spreads writers, decides nothing
    raise AssertionError("unreachable")
