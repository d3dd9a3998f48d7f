"""Running out of memory: how the engine's libraries say it, and what a person can do; standard library only."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from overture.errors import CopyEngineError

ADVICE = "more memory, or a smaller [engine] cache_gib, context_tokens or batch_size in config/copy.toml"

BATCHES_BEGIN = "the engine stands, batches begin"
"""A line of the worker's standard output. A death after it is a batch's, and a smaller one may fit."""

SAID = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to map segment",
    "bad_alloc",
    "could not create a primitive",
    "requested memory for kv",
    "is less than desired gpu memory utilization",
    "no available memory for the cache blocks",
    "larger than the available kv cache memory",
)
"""Parts of what torch, oneDNN (which says no more), vLLM, the loader and the C++ library say, in lower case."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Say whether an error, or one that led to it, is about memory; no library is imported to find out."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
            return True
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return True
        if any(part in str(error).lower() for part in SAID):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def memory_named(kind: type[CopyEngineError], what: str, where: str) -> Iterator[None]:
    """Raise `kind`, which says what to do, for a failure of the block for memory; let every other one through."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise kind(what, where=where, expected=ADVICE, got=said) from error
