"""Identifiers that come from outside, made safe for SQL."""

from collections.abc import Iterable


def quoted(identifier: str) -> str:
    """Return an identifier between double quotes, whatever it contains.

    >>> quoted('price')
    '"price"'
    >>> quoted('a"; drop table x')
    '"a""; drop table x"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal, for the few statements that take no parameter (ATTACH, COPY).

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def insert_into(table: str, columns: Iterable[str]) -> str:
    """Return the statement that adds a row of parameters, which are called as the table's columns are.

    >>> insert_into("ops.notes", ["day", "text"])
    'insert into ops.notes by name select $day as day, $text as text'
    """
    return f"insert into {table} by name select {', '.join(f'${name} as {name}' for name in columns)}"
