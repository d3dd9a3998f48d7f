"""How well texts fit what they are about, by the likeness of their embeddings."""

import numpy as np
import numpy.typing as npt

BLOCK_TEXTS = 1024
"""So many texts are compared with everything at once."""

Values = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
Embeddings = npt.NDArray[np.float32]


def outdone(texts: Embeddings, things: Embeddings, own: Positions) -> Values:
    """Return the share of other things that each text is less like than its own one: float64 (texts,), 0 to 1.

    texts: (texts, n). things: (things, n), two or more, all different; rows of length 1. own: (texts,) rows of things.
    Raises ValueError for fewer than two things.

    >>> axes = np.eye(3, dtype=np.float32)
    >>> outdone(axes[[0, 1]], axes, np.array([0, 2])).tolist()
    [1.0, 0.0]
    """
    if len(things) < 2:
        raise ValueError(f"things to tell apart; expected: 2 or more; got: {len(things)}")
    shares = np.empty(len(texts))
    for start in range(0, len(texts), BLOCK_TEXTS):
        rows = slice(start, start + BLOCK_TEXTS)
        alike = texts[rows].astype(np.float64) @ things.T.astype(np.float64)
        mine = np.take_along_axis(alike, own[rows, None], axis=1)
        shares[rows] = (alike < mine).sum(axis=1) / (len(things) - 1)
    return shares


def likeliest(texts: Embeddings, things: Embeddings) -> Positions:
    """Return the thing that each text is like beyond what other texts are: int64 (texts,) rows of things.

    Some things are near to whatever is written, so each one's likeness is taken from its mean over the texts, in
    standard deviations. Of equal ones the first is returned.

    >>> axes = np.eye(2, dtype=np.float32)
    >>> likeliest(axes[[1, 0, 1]], axes).tolist()
    [1, 0, 1]
    """
    alike = texts.astype(np.float64) @ things.T.astype(np.float64)
    spread = alike.std(axis=0)
    standing = (alike - alike.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(standing.argmax(axis=1))
