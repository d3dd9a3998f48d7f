"""Copies landing files that lie behind URLs to this machine, so that what is hashed is what is read."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from overture.adapters.warehouse.connection import Warehouse, load_extension
from overture.errors import MissingFileError, OvertureError


def fetched(warehouse: Warehouse, folder: Path, url: str) -> list[tuple[str, Path]]:
    """Return each file behind `url` (http, https or s3) as its address and its copy below `folder`.

    The address is fit to be shown: without user, password and query. Raises MissingFileError when there is no file.
    """
    load_extension(warehouse.connection, "httpfs")
    try:
        contents = warehouse.execute("select filename, content from read_blob($url)", {"url": url}).fetchall()
    except (duckdb.Error, OvertureError) as error:
        reason = str(error).splitlines()[0].replace(url, shown(url))
        raise MissingFileError("a landing file is missing", where=shown(url), expected="a file", got=reason) from None
    copies: list[tuple[str, Path]] = []
    for address, content in contents:
        path = Path(tempfile.mkdtemp(dir=folder)) / (shown(address).rsplit("/", 1)[-1] or "file")
        path.write_bytes(content)
        copies.append((shown(address), path))
    return copies


def shown(url: str) -> str:
    """Return a URL without what may be secret in it.

    >>> shown("https://user:secret@shop.example/2024-05-01/events.csv?signature=abc")
    'https://shop.example/2024-05-01/events.csv'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}{parts.path}"
