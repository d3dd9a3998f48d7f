"""A source: one TOML file that says where a shop's dated files are and how their columns become the canonical ones."""

import codecs
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from overture.adapters.canonical import ENTITIES, EVENTS, Entity
from overture.adapters.toml_reader import TomlTable
from overture.core.days import parse_day
from overture.errors import DayRangeError

Format = Literal["csv", "parquet", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "jsonl")
DAY_PLACE = re.compile(r"\{data_day(?::([^{}]+))?\}")


@dataclass(frozen=True)
class ColumnSource:
    """Where one canonical column's text comes from, before it is cast.

    columns: columns of the file, joined by `separator` (empty ones left out); empty for a constant.
    constant: the same text for every row; None for columns of the file.
    is_data_day: the file's day itself.
    pattern: how dates and times are written, in strptime's words; None for ISO 8601.
    values: texts of the file and what they stand for.
    """

    columns: tuple[str, ...] = ()
    separator: str = " "
    constant: str | None = None
    is_data_day: bool = False
    pattern: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EntitySource:
    """The files of one canonical table.

    files: a path below `landing/<source name>`, an absolute path or a URL, with `{data_day}` or `{data_day:%Y/%m/%d}`.
    max_quarantined_share: 0 to 1; a greater share of bad rows in a day's files fails the gate.
    may_be_absent: a day without a file has no rows; otherwise it is an error.
    nulls: texts that stand for no value.
    delimiter, quote, encoding: of CSV (the last of JSON lines, too).
    """

    entity: Entity
    files: str
    format: Format
    columns: Mapping[str, ColumnSource]
    max_quarantined_share: float
    may_be_absent: bool
    nulls: tuple[str, ...]
    delimiter: str
    quote: str
    encoding: str

    @property
    def file_columns(self) -> tuple[str, ...]:
        """The columns that the files must have, each once, in the order of the mapping."""
        return tuple(dict.fromkeys(name for column in self.columns.values() for name in column.columns))

    def address(self, day: date) -> str:
        """Return the path or URL of a day's files."""
        return DAY_PLACE.sub(lambda match: day.strftime(match[1] or "%Y-%m-%d"), self.files)


@dataclass(frozen=True)
class Source:
    """A shop's files and what they mean.

    first_day, last_day: the days it has files for; None where that is not known, an absent file is then the error.
    closed_days: days on which no event is expected; on any other day a file without one fails the gate.
    currency: ISO 4217 code of every amount. timezone: of times without an offset; each is stored in UTC.
    event_weights: what one event of a type says about liking, 0 or more.
    is_bundled: its files are made from the bundled data package.
    """

    name: str
    path: Path
    first_day: date | None
    last_day: date | None
    currency: str
    timezone: str
    entities: Mapping[str, EntitySource]
    event_weights: Mapping[str, float]
    is_bundled: bool
    closed_days: frozenset[date] = frozenset()

    @property
    def max_quarantined_share(self) -> dict[str, float]:
        """The greatest share of bad rows (0 to 1) that the gate lets pass, by entity."""
        return {name: entity.max_quarantined_share for name, entity in self.entities.items()}

    def require_day(self, day: date) -> None:
        """Raise DayRangeError, which names the range, for a day that the source has no files for."""
        if (self.first_day and day < self.first_day) or (self.last_day and day > self.last_day):
            expected = f"{self.first_day or 'any day'} to {self.last_day or 'any later day'}"
            raise DayRangeError("a day outside the source's range", where=self.name, expected=expected, got=day)

    def days_until(self, day: date) -> list[date]:
        """Return every day that should have files, from the first one to `day`; only `day` where no first is known."""
        first = self.first_day or day
        return [first + timedelta(days=n) for n in range((day - first).days + 1)]


def load_source(path: Path) -> Source:
    """Read and check a source's TOML file; raise SettingsError, which names the key, for anything wrong in it."""
    top = TomlTable.read(path)
    name = top.need("name", str)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise top.error("bad name", "name", expected="small letters, digits and _, a letter first", got=name)
    currency = top.need("currency", str)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise top.error("bad currency", "currency", expected="an ISO 4217 code such as USD", got=currency)
    first_day, last_day = top.get("first_day", date), top.get("last_day", date)
    if first_day and last_day and first_day > last_day:
        raise top.error("empty range", "last_day", expected=f"{first_day} or later", got=last_day)
    weights = _weights(top)
    source = Source(
        name=name,
        path=path,
        first_day=first_day,
        last_day=last_day,
        currency=currency,
        timezone=_timezone(top),
        entities=_entities(top),
        event_weights=weights,
        is_bundled=bool(top.get("bundled", bool, False)),
        closed_days=_closed_days(top),
    )
    top.refuse_unknown()
    return source


def _closed_days(top: TomlTable) -> frozenset[date]:
    try:
        return frozenset(parse_day(text) for text in top.get("closed_days", list, []) or [])
    except DayRangeError as error:
        raise top.error("no such day", "closed_days", expected='texts such as "2024-12-25"', got=error.got) from None


def _timezone(top: TomlTable) -> str:
    zone = top.need("timezone", str)
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):  # what ZoneInfo raises for folders, hostile names and unknown ones
        raise top.error(
            "unknown time zone", "timezone", expected="an IANA name such as Europe/Paris", got=zone
        ) from None
    return zone


def _weights(top: TomlTable) -> dict[str, float]:
    types = top.table(EVENTS.name).table("types")
    weights = {key: types.need(key, float) for key in types.keys()}  # noqa: SIM118 - not a dict
    for key, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise types.error("bad weight", key, expected="a finite number, 0 or more", got=weight)
    if not weights:
        raise top.error("no event types", "events.types", expected="at least one type and its weight", got="none")
    return weights


def _entities(top: TomlTable) -> dict[str, EntitySource]:
    found: dict[str, EntitySource] = {}
    for name, entity in ENTITIES.items():
        if entity.is_required or top.get(name, dict) is not None:
            table = top.table(name)
            if entity is EVENTS:
                table.need("types", dict)
            found[name] = _entity(entity, table)
            table.refuse_unknown()
    return found


def _entity(entity: Entity, table: TomlTable) -> EntitySource:
    share = table.need("max_quarantined_share", float)
    if not 0 <= share <= 1:
        raise table.error("bad share", "max_quarantined_share", expected="0 to 1", got=share)
    return EntitySource(
        entity=entity,
        files=_files(table),
        format=_format(table),
        columns=_columns(entity, table.table("columns")),
        max_quarantined_share=share,
        may_be_absent=bool(table.get("may_be_absent", bool, False)),
        nulls=tuple(table.get("nulls", list, []) or []),
        delimiter=_character(table, "delimiter", ","),
        quote=_character(table, "quote", '"'),
        encoding=_encoding(table),
    )


def _files(table: TomlTable) -> str:
    files = table.need("files", str)
    if not DAY_PLACE.search(files):
        raise table.error("no day in the address", "files", expected="a path or URL with {data_day}", got=files)
    if "://" not in files and ".." in Path(files).parts:
        raise table.error("a path that climbs", "files", expected="a path without ..", got=files)
    return files


def _format(table: TomlTable) -> Format:
    text = table.need("format", str)
    for known in FORMATS:
        if text == known:
            return known
    raise table.error("unknown format", "format", expected=" or ".join(FORMATS), got=text)


def _character(table: TomlTable, key: str, default: str) -> str:
    text = table.get(key, str, default) or ""
    if len(text) != 1 or text in "\r\n":
        raise table.error("bad character", key, expected="one character", got=repr(text))
    return text


def _encoding(table: TomlTable) -> str:
    name = table.get("encoding", str, "utf-8") or ""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise table.error("unknown encoding", "encoding", expected="such as utf-8 or cp1252", got=name) from None


def _columns(entity: Entity, table: TomlTable) -> dict[str, ColumnSource]:
    known = [column.name for column in entity.columns]
    for key in table.keys():  # noqa: SIM118 - not a dict
        if key not in known:
            raise table.error("unknown canonical column", key, expected=", ".join(known), got=key)
    columns = {key: _column(table, key) for key in known if key in table.keys()}  # noqa: SIM118
    for column in entity.columns:
        if column.is_mapped and column.name not in columns:
            raise table.error("missing canonical column", column.name, expected="where it comes from", got="nothing")
    if entity.name == "feedback" and not {"item_id", "offer_id"} & set(columns):
        raise table.error("missing canonical column", "item_id", expected="item_id or offer_id", got="neither")
    return columns


def _column(table: TomlTable, key: str) -> ColumnSource:
    given = table.get(key, object)
    if isinstance(given, str):
        return ColumnSource(columns=(_name(table, key, given),))
    inner = table.table(key)
    single, several = inner.get("column", str), inner.get("columns", list)
    constant, is_day = inner.get("value", str), bool(inner.get("data_day", bool, False))
    names = [single] if single is not None else several or []
    if sum((bool(names), constant is not None, is_day)) != 1:
        raise table.error("ambiguous", key, expected="one of column, columns, value, data_day = true", got=inner.keys())
    separator, pattern = inner.get("separator", str, " "), inner.get("format", str)
    values = inner.table("values") if inner.get("values", dict) is not None else None
    inner.refuse_unknown()
    return ColumnSource(
        columns=tuple(_name(table, key, name) for name in names),
        separator=separator or "",
        constant=constant,
        is_data_day=is_day,
        pattern=pattern,
        values={text: values.need(text, str) for text in values.keys()} if values else {},  # noqa: SIM118
    )


def _name(table: TomlTable, key: str, name: str) -> str:
    if not name or not name.isprintable():
        raise table.error("bad column name", key, expected="a column of the file", got=repr(name))
    return name
