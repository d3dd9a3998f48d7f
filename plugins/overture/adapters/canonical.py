"""The canonical tables that every shop's files are mapped to: how a column's text is read, and what a good row has.

An entity is one such table. `landing` reads these descriptions to make its SQL; `sources` reads them to check a
source's mapping. What type a column is stored as stands with dbt's sources (`_shop__sources.yml`).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "money", "flag", "date", "instant", "locale"]

FEEDBACK_KINDS = ("delivered", "opened", "clicked", "redeemed", "reported", "excluded", "included")


@dataclass(frozen=True)
class Column:
    """One canonical column.

    kind: how a text is read; an instant becomes one of UTC.
    is_mapped: a source must say where it comes from.
    is_filled: a row without a value is bad.
    is_negative_bad: a row with a value below 0 is bad.
    allowed: the only good values; None for any.
    is_past: a row dated after its file's day (in the source's time zone) is bad.
    """

    name: str
    kind: Kind
    is_mapped: bool = False
    is_filled: bool = False
    is_negative_bad: bool = False
    allowed: tuple[str, ...] | None = None
    is_past: bool = False


@dataclass(frozen=True)
class Entity:
    """One canonical table.

    key: the columns that tell its rows apart; of rows with one key in one day's files a single one is landed.
    keeps: which of them, in the order of the files: the first, or the last where a later row is a correction.
    is_required: a source without it is refused.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    keeps: Literal["first", "last"]
    is_required: bool = True

    def column(self, name: str) -> Column:
        """Return a column by name; raise KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def _must(name: str, kind: Kind, **rules: object) -> Column:
    return Column(name, kind, is_mapped=True, is_filled=True, **rules)  # type: ignore[arg-type]


EVENTS = Entity(
    "events",
    (
        _must("event_id", "text"),
        _must("user_id", "text"),
        _must("item_id", "text"),
        _must("event_type", "text"),
        _must("occurred_at", "instant", is_past=True),
        Column("quantity", "number", is_negative_bad=True),
        Column("value", "money"),
        Column("context", "text"),
    ),
    key=("event_id",),
    keeps="first",
)
ITEMS = Entity(
    "items",
    (
        _must("item_id", "text"),
        _must("title", "text"),
        Column("department", "text"),
        Column("category", "text", is_mapped=True),
        Column("brand", "text", is_mapped=True),
        Column("size", "text"),
        Column("price", "money", is_mapped=True, is_negative_bad=True),
        _must("available", "flag"),
        _must("valid_from", "date"),
    ),
    key=("item_id", "valid_from"),
    keeps="last",
)
USERS = Entity(
    "users",
    (
        _must("user_id", "text"),
        _must("has_consent", "flag"),
        _must("locale", "locale"),
        Column("age_band", "text"),
        Column("income_band", "text"),
        Column("household_size", "text"),
        _must("valid_from", "date"),
    ),
    key=("user_id", "valid_from"),
    keeps="last",
)
OFFERS = Entity(
    "offers",
    (
        _must("offer_id", "text"),
        _must("item_id", "text"),
        _must("audience", "text", allowed=("everyone", "targeted")),
        _must("starts_on", "date"),
        _must("ends_on", "date"),
        Column("value", "money", is_negative_bad=True),
    ),
    key=("offer_id", "item_id"),
    keeps="last",
    is_required=False,
)
FEEDBACK = Entity(
    "feedback",
    (
        Column("feedback_id", "text"),
        _must("user_id", "text"),
        Column("item_id", "text"),
        Column("offer_id", "text"),
        _must("kind", "text", allowed=FEEDBACK_KINDS),
        _must("occurred_at", "instant", is_past=True),
    ),
    key=("feedback_id", "user_id", "item_id", "offer_id", "kind", "occurred_at"),
    keeps="first",
    is_required=False,
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in (EVENTS, ITEMS, USERS, OFFERS, FEEDBACK)}
"""Every canonical table by name, in the order in which they are landed."""
