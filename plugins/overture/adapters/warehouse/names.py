"""Identifiers that come from outside, made safe for SQL."""


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
