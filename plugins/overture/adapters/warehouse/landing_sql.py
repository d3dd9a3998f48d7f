"""Makes the SQL that turns records of texts into typed rows of a canonical table, and says what is wrong with each.

Names of the file's columns never stand in it: the records that it reads have fields f0, f1, .. in the order of
`EntitySource.file_columns`. Every text of the source's TOML is a bound parameter.
"""

from dataclasses import dataclass, field

from overture.adapters.canonical import Column, Entity
from overture.adapters.sources import ColumnSource, EntitySource, Source
from overture.adapters.warehouse.contracts import contract_of

OFFSET = r"(\d{2}:\d{2}.*[+-]\d{2}(:?\d{2})?|\d{2}[Zz])\s*$"
"""A time that says its own offset. A cast to timestamp would drop the offset without a word."""

BARE_OFFSET = r"\s*([Zz]|[+-]\d{2}(?::?\d{2})?)\s*$"
BARE_MINUTES = r"^(\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2})([Zz+-].*)$"
"""ISO 8601 forms that the cast does not know: a blank or small z before the offset's end, and no seconds before it."""

DATE = r"^\s*\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}[0-9:.]*\s*([Zz]|[+-]\d{2}(:?\d{2})?)?)?\s*$"
"""A date, alone or with a time. A cast to date would take any text that begins like one."""

LOCALE = r"^\s*[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8})*\s*$"
"""A language, then script, region and the like: BCP 47, or CLDR with underscores. Which there are is not asked here."""

KINDS = {
    "number": "is not a finite number",
    "money": "is not an amount of at most 10 digits before the point",
    "flag": "is not true or false",
    "date": "is not a date",
    "instant": "is not a time",
    "locale": "is not a locale such as en_US or zh-Hant-TW",
}


@dataclass
class Statement:
    """SQL and its parameters by name."""

    sql: str = ""
    parameters: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """Add a parameter; return how the SQL refers to it."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"


def typed_rows(source: Source, entity: EntitySource, records: str) -> Statement:
    """Return a query for the typed rows of `records`, good and bad.

    records: an SQL relation (file_position, data_day, source_file, source_row, defect, defect_text, f0, f1, ..).
    Result: data_day, source_file, source_row, file_position, the canonical columns in their raw types, and problem:
    null for a good row, else a struct (column_name, value, reason) of the first thing that is wrong.
    """
    statement = Statement()
    columns = entity.entity.columns
    texts = [f"{text_of(statement, entity, column)} as t_{column.name}" for column in columns]
    casts = [f"{_cast(statement, source, entity, column)} as {column.name}" for column in columns]
    checks = [check for column in columns for check in _checks(statement, source, entity.entity, column)]
    names = ", ".join(column.name for column in columns)
    statement.sql = f"""
with texts as (
    select data_day, source_file, source_row, file_position, defect, defect_text, {", ".join(texts)} from {records}
),
casts as (
    select *, {", ".join(casts)} from texts
)
select data_day, source_file, source_row, file_position, {names},
    case
        when defect is not null then {_problem("null", "defect_text", "defect")}
        {" ".join(checks + _row_checks(entity.entity))}
    end as problem
from casts
"""
    return statement


def _problem(column: str, value: str, reason: str) -> str:
    return f"struct_pack(column_name := {column}::varchar, value := {value}::varchar, reason := {reason}::varchar)"


def text_of(statement: Statement, entity: EntitySource, column: Column) -> str:
    """Return SQL for the column's text in the records: empty and blank ones are null."""
    mapping = entity.columns.get(column.name)
    if mapping is None:
        return "null::varchar"
    if mapping.is_data_day:
        return "data_day::varchar"
    if mapping.constant is not None:
        return f"{statement.bind(mapping.constant)}::varchar"
    fields = [f"f{entity.file_columns.index(name)}" for name in mapping.columns]
    nulls = statement.bind(list(entity.nulls)) if entity.nulls else None
    filled = [_filled(name, nulls) for name in fields]
    text = filled[0] if len(filled) == 1 else _joined(statement, column, mapping, filled)
    if mapping.values:
        known, meant = statement.bind(list(mapping.values)), statement.bind(list(mapping.values.values()))
        text = f"coalesce(({meant}::varchar[])[list_position({known}::varchar[], {text})], {text})"
    return text


def _filled(text: str, nulls: str | None) -> str:
    is_null = f"trim({text}) = ''" + (f" or list_contains({nulls}::varchar[], {text})" if nulls else "")
    return f"case when {is_null} then null else {text} end"


def _joined(statement: Statement, column: Column, mapping: ColumnSource, parts: list[str]) -> str:
    separator = f"{statement.bind(mapping.separator)}::varchar"
    if column.name.endswith("_id"):
        # A key with a part missing could be another row's key.
        return "(" + f" || {separator} || ".join(parts) + ")"
    return f"nullif(concat_ws({separator}, {', '.join(parts)}), '')"


def _cast(statement: Statement, source: Source, entity: EntitySource, column: Column) -> str:
    text = f"t_{column.name}"
    if column.kind == "number":
        return f"case when isfinite(try_cast({text} as double)) then try_cast({text} as double) end"
    if column.kind == "locale":
        return f"case when regexp_matches({text}, '{LOCALE}') then trim({text}) end"
    if column.kind in ("date", "instant"):
        mapping = entity.columns.get(column.name)
        pattern = mapping.pattern if mapping else None
        return _dated(statement, source, column, text, pattern)
    data_type = contract_of(f"raw.{entity.entity.name}").column(column.name).data_type
    return f"try_cast({text} as {data_type})"


def _dated(statement: Statement, source: Source, column: Column, text: str, pattern: str | None) -> str:
    zone = f"{statement.bind(source.timezone)}::varchar" if column.kind == "instant" else ""
    if pattern is not None:
        parsed = f"try_strptime({text}, {statement.bind(pattern)})"
        if column.kind == "date":
            return f"{parsed}::date"
        if "%z" in pattern or "%Z" in pattern:
            return f"({parsed} at time zone 'UTC')"
        return f"(({parsed} at time zone {zone}) at time zone 'UTC')"
    if column.kind == "date":
        return f"case when regexp_matches({text}, '{DATE}') then try_cast({text} as date) end"
    return (
        f"case when not regexp_matches({text}, '{DATE}') then null"
        f" when regexp_matches({text}, '{OFFSET}') then try_cast({_plain(text)} as timestamptz) at time zone 'UTC'"
        f" else (try_cast({text} as timestamp) at time zone {zone}) at time zone 'UTC' end"
    )


def _plain(text: str) -> str:
    closed = f"regexp_replace({text}, '{BARE_OFFSET}', '\\1')"
    return f"upper(regexp_replace({closed}, '{BARE_MINUTES}', '\\1:00\\2'))"


def _checks(statement: Statement, source: Source, entity: Entity, column: Column) -> list[str]:
    text, name = f"t_{column.name}", f"'{column.name}'"
    checks = []
    if column.is_filled:
        checks.append((f"{text} is null", "is empty"))
    if column.kind in KINDS:
        checks.append((f"{text} is not null and {column.name} is null", KINDS[column.kind]))
    if column.is_negative_bad:
        checks.append((f"{column.name} < 0", "is negative"))
    allowed = tuple(source.event_weights) if column.name == "event_type" else column.allowed
    if allowed is not None:
        known = f"list_contains({statement.bind(list(allowed))}::varchar[], {column.name})"
        checks.append((f"not {known}", f"is not one of {', '.join(allowed)}"))
    if column.is_past:
        # A drop holds its day by the shop's clock, which may be the next day of UTC.
        zone = f"{statement.bind(source.timezone)}::varchar"
        local = f"(({column.name} at time zone 'UTC') at time zone {zone})::date"
        checks.append((f"{local} > data_day", "is after the day of the file"))
    return [f"when {condition} then {_problem(name, text, statement.bind(reason))}" for condition, reason in checks]


def _row_checks(entity: Entity) -> list[str]:
    if entity.name == "offers":
        problem = _problem("'ends_on'", "t_ends_on", "'is before starts_on'")
        return [f"when ends_on < starts_on then {problem}"]
    if entity.name == "feedback":
        problem = _problem("'item_id'", "null", "'is empty, and so is offer_id'")
        return [f"when item_id is null and offer_id is null then {problem}"]
    return []
