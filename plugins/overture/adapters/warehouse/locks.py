"""The one write lock of a lake: across processes, first come first served, freed when its holder dies.

It is an advisory lock of the catalog's PostgreSQL, which belongs to a session and so ends with its process. A holder
that is alive but superseded (a stopped process whose retry waits here) would keep it for ever: who waits looks at the
holder every second, and ends the sessions of one that has no right to write any more.
"""

import logging
import random
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from overture.adapters.processes import this_process
from overture.adapters.warehouse.fences import Try, find_try, newer_than
from overture.adapters.warehouse.sessions import catalog_cursor
from overture.errors import ConflictError, LockTimeoutError, WarehouseError

T = TypeVar("T")

LOG = logging.getLogger("overture.locks")

LOCK_ROW = "lake"
LOCK_KEY = 0x0F_E7_7C_4E
"""PostgreSQL's advisory locks are numbers; this one is Overture's."""

WAIT_SECONDS = 900
LOOK_SECONDS = 1.0
LONG_WAIT_SECONDS = 10.0
ATTEMPTS = 8

HOLDER = (
    "select pid, application_name from pg_stat_activity join pg_locks using (pid)"
    " where locktype = 'advisory' and granted and classid = 0 and objid = %s"
    " and database = (select oid from pg_database where datname = current_database())"
)
LOCK_NAME = re.compile(r"overture#(?P<token>\d+) (?P<process>\S+): (?P<purpose>.*)")

_held: ContextVar[frozenset[str]] = ContextVar("held", default=frozenset())


@dataclass(frozen=True)
class Holder:
    """Who holds the lock. token: of its try; 0 where the work belongs to no step."""

    session: int
    token: int
    process: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.purpose} (process {self.process})"


def lake_session_name(process: str) -> str:
    """Return the application name of a process's lake connections; by it they end with a lost lock."""
    return f"overture {process}"


def holds_lock(catalog: str) -> bool:
    """Say whether this process's code holds the write lock around the call, as far as it knows: it may be lost."""
    return catalog in _held.get()


@contextmanager
def write_lock(
    catalog: str, purpose: str, attempt: Try | None = None, *, wait_seconds: float = WAIT_SECONDS
) -> Iterator[None]:
    """Hold the lake's write lock; wait in line for it. Entered again by its holder, it does nothing.

    attempt: the try that the work belongs to; a newer one may take the lock away from it. Raises LockTimeoutError,
    which names the holder, after `wait_seconds`; WarehouseError when the catalog does not answer.
    """
    if holds_lock(catalog):
        yield
        return
    began = time.monotonic()
    name = f"overture#{attempt.token if attempt else 0} {this_process()}: {purpose}"
    session = _connect(catalog, name.encode("ascii", "replace").decode()[:63])
    try:
        _acquire(session, catalog, purpose, began + wait_seconds, wait_seconds)
        waited, token = time.monotonic() - began, _held.set(_held.get() | {catalog})
        try:
            yield
        finally:
            _held.reset(token)
            held = time.monotonic() - began - waited
            LOG.log(
                logging.WARNING if waited > LONG_WAIT_SECONDS else logging.DEBUG,
                "waited %.3f s for the write lock and held it %.3f s: %s", waited, held, purpose,
                extra={"purpose": purpose, "waited_seconds": waited, "held_seconds": held},
            )  # fmt: skip
    finally:
        session.close()


def _connect(catalog: str, name: str) -> Any:
    import psycopg2

    try:
        # Asynchronous: while it waits in the server's line, we look at who holds the lock.
        session = psycopg2.connect(catalog, application_name=name, async_=True)
        _wait(session, time.monotonic() + 60)
    except psycopg2.OperationalError as error:
        raise WarehouseError("the catalog does not answer", got=error) from error
    return session


def _acquire(session: Any, catalog: str, purpose: str, end: float, wait_seconds: float) -> None:
    cursor = session.cursor()  # lives as long as its query is under way
    cursor.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
    while not _wait(session, min(end, time.monotonic() + LOOK_SECONDS)):
        holder = _look(catalog)
        if time.monotonic() >= end:
            raise LockTimeoutError(
                "the write lock was not free in time",
                where=purpose,
                expected=f"free within {wait_seconds:g} seconds",
                got=f"held by {holder or 'nobody'}",
            )


def _wait(session: Any, until: float) -> bool:
    """Wait for the session's answer; say whether it came in time."""
    import psycopg2.extensions as states

    while (state := session.poll()) != states.POLL_OK:
        left = until - time.monotonic()
        if left <= 0:
            return False
        sockets = [session.fileno()]
        is_reading = state == states.POLL_READ
        select.select(sockets if is_reading else [], [] if is_reading else sockets, [], left)
    return True


def _look(catalog: str) -> Holder | None:
    """Return who holds the lock, after ending the sessions of one that a newer try has superseded."""
    with catalog_cursor(catalog) as cursor:
        holder = lock_holder(cursor)
        held_by = find_try(cursor, holder.token) if holder and holder.token else None
        if holder and held_by and newer_than(cursor, held_by) is not None:
            LOG.warning("took the write lock from %s: a newer try exists", holder)
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid = %s or application_name = %s",
                (holder.session, lake_session_name(holder.process)),
            )
    return holder


def lock_holder(cursor: Any) -> Holder | None:
    """Return who holds the lock now; None when it is free."""
    cursor.execute(HOLDER, (LOCK_KEY,))
    found = cursor.fetchone()
    if found is None:
        return None
    named = LOCK_NAME.match(found[1])
    return (
        Holder(found[0], int(named["token"]), named["process"], named["purpose"])
        if named
        else Holder(found[0], 0, "unknown", found[1])
    )


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
            LOG.debug("a commit met another writer's: attempt %d", number, extra={"attempt": number})
            time.sleep(0.05 * 2**number * random.uniform(0.5, 1.5))  # noqa: S311 - spreads writers, decides nothing
    raise AssertionError("unreachable")
