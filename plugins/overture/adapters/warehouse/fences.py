"""Fences: of two tries at one step of a day, and of two runs of one day, only the newest may write.

A task that was given up (its heartbeat lost, its process stopped) can wake up beside its own retry. So every try draws
a token, greater than all before it, and each write of the lake asks, under the write lock, whether a newer one exists.
The tokens stand in the catalog's PostgreSQL beside the lake's own tables: drawing one waits for nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from overture.adapters.processes import this_process
from overture.adapters.warehouse.sessions import catalog_cursor
from overture.errors import GateError, SupersededError

OPEN_RUN = "open_run"

TABLES = """
create schema if not exists overture;
create sequence if not exists overture.tokens;
create table if not exists overture.tries (
    token bigint primary key,
    data_day date not null,
    step text not null,
    run_token bigint not null,
    run_id text not null,
    process text not null,
    is_done boolean not null default false
);
create index if not exists tries_of_a_step on overture.tries (data_day, step, token desc);
"""

NEWER = """
select max(newer.token)
from overture.tries as newer
where
    newer.data_day = %(day)s
    and (
        (newer.step = %(open_run)s and newer.token > %(run_token)s)
        or (newer.step = %(step)s and newer.token > %(token)s)
    )
"""


@dataclass(frozen=True)
class Try:
    """One try of one step of a run. token: its own; run_token: that of the run's `open_run`, which is its first try."""

    day: date
    step: str
    token: int
    run_token: int
    run_id: str


def begin_run(catalog: str, day: date, run_id: str | None, at_least: int = 0) -> Try:
    """Draw the token of a new run of `day`, greater than `at_least` and every token before; older runs are superseded.

    catalog: libpq connection string. run_id: None makes one of day and token, which no other run has. Raises
    WarehouseError when the catalog does not answer.
    """
    with catalog_cursor(catalog) as cursor:
        _make_tables(cursor)
        cursor.execute(
            "select setval('overture.tokens', greatest(nextval('overture.tokens'), %s::bigint + 1))", (at_least,)
        )
        token = int(cursor.fetchone()[0])
        attempt = Try(day, OPEN_RUN, token, token, run_id or f"command_line__{day}__{token}")
        _note(cursor, attempt)
    return attempt


def begin_step(catalog: str, day: date, step: str, run_token: int, run_id: str) -> Try:
    """Draw the token of a new try of a run's step; former tries of the step are superseded.

    Raises SupersededError when a newer run of the day exists; nothing is then noted, so that its tries stay the newest.
    """
    with catalog_cursor(catalog) as cursor:
        _make_tables(cursor)
        cursor.execute("select nextval('overture.tokens')")
        attempt = Try(day, step, int(cursor.fetchone()[0]), run_token, run_id)
        _refuse_superseded(cursor, attempt)
        _note(cursor, attempt)
    return attempt


def finish(catalog: str, attempt: Try) -> None:
    """Note that the try has done its step."""
    with catalog_cursor(catalog) as cursor:
        cursor.execute("update overture.tries set is_done = true where token = %s", (attempt.token,))


def require_newest(catalog: str, attempt: Try) -> None:
    """Raise SupersededError when a newer try of the same step, or a newer run of the same day, has begun."""
    with catalog_cursor(catalog) as cursor:
        _refuse_superseded(cursor, attempt)


def _refuse_superseded(cursor: Any, attempt: Try) -> None:
    newer = newer_than(cursor, attempt)
    if newer is not None:
        raise SupersededError(
            "a newer run of this day, or a newer try of this step, exists",
            where=f"{attempt.step} of {attempt.day}",
            expected=f"token {newer}",
            got=f"token {attempt.token}; to make the day by this run again, begin with its open_run",
        )


def newer_than(cursor: Any, attempt: Try) -> int | None:
    """Return the token of the newest try that supersedes `attempt`; None when there is none."""
    cursor.execute(NEWER, {**vars(attempt), "open_run": OPEN_RUN})
    newer = cursor.fetchone()[0]
    return None if newer is None else int(newer)


def find_try(cursor: Any, token: int) -> Try | None:
    """Return the try that drew `token`; None when there is none."""
    cursor.execute("select data_day, step, token, run_token, run_id from overture.tries where token = %s", (token,))
    found = cursor.fetchone()
    return Try(*found) if found else None


def require_done(catalog: str, run_token: int, day: date, steps: Sequence[str], judged: Sequence[str]) -> None:
    """Raise GateError unless this run has done all `steps` of `day`, each gate after every step that it judges.

    steps: in their order. judged: those of them that write what a later gate (`check_..`) looks at; a step done
    again after its gate passed makes that pass worthless.
    """
    with catalog_cursor(catalog) as cursor:
        cursor.execute(
            "select step, max(token), bool_or(is_done and token = newest) from ("
            " select *, max(token) over (partition by step) as newest from overture.tries"
            " where data_day = %s and run_token = %s) as tries group by step",
            (day, run_token),
        )
        tries = {step: (int(token), bool(is_done)) for step, token, is_done in cursor.fetchall()}
    missing = [step for step in steps if not tries.get(step, (0, False))[1]]
    if missing:
        raise GateError("not all steps are done", where=day, expected="every step and gate", got=f"not {missing[0]}")
    written = 0
    for step in steps:
        token = tries[step][0]
        if step in judged:
            written = max(written, token)
        elif step.startswith("check_") and token < written:
            raise GateError("a gate passed before what it judges was made again", where=day, got=step)


def _note(cursor: Any, attempt: Try) -> None:
    cursor.execute(
        "insert into overture.tries (token, data_day, step, run_token, run_id, process)"
        " values (%(token)s, %(day)s, %(step)s, %(run_token)s, %(run_id)s, %(process)s)",
        {**vars(attempt), "process": this_process()},
    )


def _make_tables(cursor: Any) -> None:
    cursor.execute("select to_regclass('overture.tries') is not null")
    if not cursor.fetchone()[0]:
        # Two first users at once: PostgreSQL's "if not exists" is no lock.
        cursor.execute("select pg_advisory_xact_lock(hashtext('overture.tries'))")
        cursor.execute(TABLES)
