"""Sessions of the catalog's PostgreSQL beside those that DuckDB keeps: one short transaction each."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from overture.errors import WarehouseError


@contextmanager
def catalog_cursor(catalog: str, *, where: str | None = None) -> Iterator[Any]:
    """Give a cursor of one transaction, which is committed at the end, or rolled back when the block raises.

    catalog: libpq connection string. Raises WarehouseError, with `where`, when the catalog does not answer.
    """
    import psycopg2

    try:
        with closing(psycopg2.connect(catalog)) as session, session, session.cursor() as cursor:
            yield cursor
    except psycopg2.OperationalError as error:
        raise WarehouseError("the catalog does not answer", where=where, got=error) from error
