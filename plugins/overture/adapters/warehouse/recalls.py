"""Recalls: what people have withdrawn from readers, why, and what may therefore not be said again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.core.recalled import Recalled
from overture.errors import UsageError

RECALLS: Final = "ops.recalls"
WITHDRAWN: Final = "ops.recalled_messages"
LIFTS: Final = "ops.recall_lifts"
TABLES: Final = (RECALLS, WITHDRAWN, LIFTS)

MESSAGE, DRAFT, ITEM, FACT = "message", "draft", "item", "fact"
KINDS: Final = (MESSAGE, DRAFT, ITEM, FACT)

SHARES = {
    MESSAGE: "messages.user_id = $subject and messages.data_day = $data_day",
    DRAFT: "messages.draft_id = $subject",
    ITEM: "messages.item_id = $subject",
    FACT: """exists (
        select 1 from marts.message_claims as claims
        where claims.data_day = messages.data_day and claims.user_id = messages.user_id
            and concat(claims.source_table, '.', claims.source_column, ':', claims.source_key) = $subject
            and claims.source_day = coalesce($data_day, claims.source_day)
    )""",
}
"""What a published message must share with a recall of each kind to be withdrawn by it."""

RECALLS_IN_FORCE: Final = f"""recalls as (
    select *
    from {RECALLS} as made
    where not exists (
        select 1 from {LIFTS} as lifts
        where
            lifts.kind = made.kind
            and lifts.subject = made.subject
            and lifts.data_day is not distinct from made.data_day
            and lifts.recalled_at = made.recalled_at
    )
)"""
"""What binds runs, as a part of a query; audits/messages.sql says the same."""

CLAIMS_OF = "(data_day, user_id) in (select (data_day, user_id) from {})"


@dataclass(frozen=True)
class Recall:
    """One case. subject: the user of a message, a draft's or item's id, or a fact as `TABLE.COLUMN:KEY`.

    data_day: of the message, or the day of the fact's cell; None for a fact of any day, and for other kinds.
    recalled_at: UTC, without a zone.
    """

    kind: str
    subject: str
    data_day: date | None
    why: str
    recalled_by: str
    recalled_at: datetime

    @property
    def recall_id(self) -> str:
        """What people call it by, made of what it is about and when it was recalled."""
        named = [self.kind, self.subject, str(self.data_day), self.recalled_at.isoformat()]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Lift:
    """Why a recall binds no longer, by whose decision, and since when (UTC, without a zone)."""

    why: str
    lifted_by: str
    lifted_at: datetime


def recalls_in_force(warehouse: Warehouse) -> list[Recall]:
    """Return every recall that was not lifted, the oldest first."""
    if not warehouse.columns(RECALLS) or not warehouse.columns(LIFTS):
        return []
    names = ", ".join(field.name for field in fields(Recall))
    rows = warehouse.rows(f"with {RECALLS_IN_FORCE} select {names} from recalls order by recalled_at, kind, subject")
    return [Recall(*row) for row in rows]


def record_lift(warehouse: Warehouse, recall_id: str, lift: Lift) -> Recall:
    """Note that a recall binds no later run any more, and return it; what it withdrew stays withdrawn.

    Raises UsageError for one that is not there, or was lifted before.
    """

    def work(lake: Warehouse) -> Recall:
        for table in TABLES:
            lake.ensure_table(table)
        lifted = next((each for each in recalls_in_force(lake) if each.recall_id == recall_id), None)
        if lifted is None:
            expected = "the id of a recall in force, as overture recall --list shows it"
            raise UsageError("no such recall", where="--lift", expected=expected, got=recall_id)
        kept = {name: vars(lifted)[name] for name in ("kind", "subject", "data_day", "recalled_at")}
        row = kept | vars(lift)
        lake.execute(f"insert into {LIFTS} by name select {', '.join(f'${name} as {name}' for name in row)}", row)
        return lifted

    return warehouse.write(f"lift recall {recall_id}", work)


def record_recall(warehouse: Warehouse, recall: Recall) -> int:
    """Withdraw every published message that shares the subject; return how many.

    One transaction: readers see all of them or none. What is withdrawn stays in ops.recalled_messages. Raises
    UsageError for a subject that the lake does not know.
    """

    def work(lake: Warehouse) -> int:
        for table in ("marts.messages", "marts.message_claims", *TABLES):
            lake.ensure_table(table)
        _require_known(lake, recall)
        note_recall(lake, recall)
        asked = _asked(recall, with_day=recall.kind in (MESSAGE, FACT))
        lake.execute(
            f"create or replace temp table withdrawn as select * from marts.messages where {SHARES[recall.kind]}", asked
        )
        lake.execute(
            f"insert into {WITHDRAWN} by name select data_day, user_id, item_id, text, draft_id, prompt_version,"
            " $kind as kind, $subject as subject, $at as recalled_at from withdrawn",
            {"kind": recall.kind, "subject": recall.subject, "at": recall.recalled_at},
        )
        for table in ("marts.message_claims", "marts.messages"):
            lake.execute(f"delete from {table} where {CLAIMS_OF.format('withdrawn')}")
        return int(lake.rows("select count(*) from withdrawn")[0][0])

    return warehouse.write(f"recall {recall.kind}", work)


def note_recall(lake: Warehouse, recall: Recall) -> None:
    """Bind later runs by a case, without withdrawing anything; inside of `write`."""
    lake.ensure_table(RECALLS)
    row = vars(recall)
    lake.execute(f"insert into {RECALLS} by name select {', '.join(f'${name} as {name}' for name in row)}", row)


def _require_known(lake: Warehouse, recall: Recall) -> None:
    if recall.kind == FACT:
        place, _, key = recall.subject.partition(":")
        schema, _, cell = place.partition(".")
        table, _, column = cell.partition(".")
        is_known = schema == "marts" and table in contracts() and "=" in key
        if not is_known or column not in {each.name for each in contracts()[table].columns}:
            expected = "marts.TABLE.COLUMN:KEY, as source_table, source_column and source_key of marts.message_claims"
            raise UsageError("no such fact", where="recall", expected=expected, got=recall.subject)
        return
    where = {
        MESSAGE: ("marts.messages", "user_id = $subject and data_day = $data_day"),
        DRAFT: ("copy.drafts", "draft_id = $subject"),
        ITEM: ("marts.item_facts", "item_id = $subject"),
    }
    table, condition = where[recall.kind]
    asked = _asked(recall, with_day=recall.kind == MESSAGE)
    found = lake.columns(table) and lake.rows(f"select 1 from {table} where {condition} limit 1", asked)
    if not found:
        raise UsageError(f"no such {recall.kind}", where=table, expected="one that is there", got=recall.subject)


def _asked(recall: Recall, *, with_day: bool) -> dict[str, object]:
    return {"subject": recall.subject} | ({"data_day": recall.data_day} if with_day else {})


def recalled_on(warehouse: Warehouse, day: date) -> Recalled:
    """Return the drafts that were recalled, and the facts that were, of this day or of any.

    Recalled items and messages are left out where recipients are read. `open_run` has made the table.
    """
    rows: Sequence[tuple[str, str]] = warehouse.rows(
        f"with {RECALLS_IN_FORCE} select kind, subject from recalls"
        f" where kind in ('{DRAFT}', '{FACT}') and coalesce(data_day, $day) = $day",
        {"day": day},
    )
    return Recalled(*(frozenset(subject for kind, subject in rows if kind == wanted) for wanted in (DRAFT, FACT)))
