"""How personal a day's messages are: does a text fit its own reader better than others, and do texts differ at all."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

BLOCK_USERS = 1024
"""So many users are compared with their others at once."""

Values = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
Embeddings = npt.NDArray[np.float32]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def drawn_others(users: int, draws: int, seed: int) -> Positions:
    """Return other users for each user, drawn evenly and with replacement: int64 (users, draws), nobody themselves.

    Raises ValueError for fewer than two users, who have no others.

    >>> drawn_others(users=2, draws=3, seed=1).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    if users < 2:
        raise ValueError(f"users to draw others from; expected: 2 or more; got: {users}")
    drawn = np.random.default_rng(seed).integers(0, users - 1, (users, draws))
    return drawn + (drawn >= np.arange(users)[:, None])


def swap_wins(texts: Embeddings, signatures: Embeddings, signature_of: Positions, others: Positions) -> Values:
    """Return the share of others whose signature is less like the user's text than the user's own: float64 (users,).

    texts: (users, dimensions). signatures: (different signatures, dimensions); all rows of length 1. signature_of:
    (users,) rows of these. others: (users, draws) users. An equal signature is half a win, so texts that nobody was
    thought of at give 0.5, and how much more there can be depends on how many users share a signature.

    >>> axes = np.eye(2, dtype=np.float32)
    >>> swap_wins(axes[[0, 1, 1]], axes, np.array([0, 1, 0]), np.array([[1, 2], [0, 2], [1, 1]])).tolist()
    [0.75, 1.0, 0.0]
    """
    wins = np.empty(len(texts))
    for start in range(0, len(texts), BLOCK_USERS):
        rows = slice(start, start + BLOCK_USERS)
        own, theirs = signature_of[rows, None], signature_of[others[rows]]
        alike = texts[rows].astype(np.float64) @ signatures.T.astype(np.float64)
        is_won = np.take_along_axis(alike, own, axis=1) > np.take_along_axis(alike, theirs, axis=1)
        wins[rows] = np.where(own == theirs, 0.5, is_won).mean(axis=1)
    return wins


def best_fitting(users: Positions, is_draft: npt.NDArray[np.bool_], fits: Values, ranks: Positions) -> Positions:
    """Return each user's best candidate: int64 positions in the order of the users' codes, one a user.

    users, is_draft, fits, ranks: one entry a candidate; the codes of users count from 0. What a model wrote comes
    before a template, then what fits better, to six digits, then what stands further up in the user's list.

    >>> users, fits, ranks = np.array([0, 0, 0, 1]), np.array([0.2, 0.9, 0.5, 0.1]), np.array([1, 2, 3, 1])
    >>> best_fitting(users, np.array([True, False, True, False]), fits, ranks).tolist()
    [2, 3]
    """
    order = np.lexsort((ranks, -np.round(fits, 6), ~is_draft, users))
    return order[np.flatnonzero(np.diff(users[order], prepend=-1))]


def distinct_share(texts: Sequence[str], length: int) -> float:
    """Return how many different runs of `length` words the texts have, as part of all their runs; nan without any.

    Li et al., "A diversity-promoting objective function for neural conversation models" (2016), distinct-1 and -2. It
    falls as texts become more, so compare days with as many messages.

    >>> distinct_share(["Tea for two", "tea for one"], 1), distinct_share(["Tea for two", "tea for one"], 2)
    (0.6666666666666666, 0.75)
    """
    different, counts = np.unique(np.array(texts, dtype=str), return_counts=True)
    runs = [_runs(text, length) for text in different]
    total = sum(len(each) * int(count) for each, count in zip(runs, counts, strict=True))
    return len(set().union(*runs)) / total if total else float("nan")


def repeated_share(texts: Sequence[str]) -> float:
    """Return the share of the texts that equal another one, letters and spaces apart; nan without any.

    >>> repeated_share(["For a hot day.", "for a  hot day.", "For a cold day."])
    0.6666666666666666
    """
    if not len(texts):
        return float("nan")
    plain = np.array([" ".join(text.lower().split()) for text in texts])
    _, counts = np.unique(plain, return_counts=True)
    return float(counts[counts > 1].sum() / len(plain))


def text_information(signatures: Sequence[str], texts: Sequence[str], seed: int, shuffles: int) -> tuple[float, float]:
    """Return what the signature tells of a word of the text, in bits, and the mean of that with the texts shuffled.

    One signature and one text a user. The second figure is what chance alone gives, for the plug-in estimate is too
    high where words are many and users few: what the texts owe to the signatures is the difference. Nothing to count
    gives nan. Raises ValueError for unequal lengths.

    >>> text_information(["a", "b"] * 8, ["hot soup", "cold beer"] * 8, seed=1, shuffles=1)[0]
    1.0
    >>> text_information(["a", "b"], ["soup", "soup"], seed=1, shuffles=2)
    (0.0, 0.0)
    """
    if len(signatures) != len(texts):
        raise ValueError(f"texts of users; expected: {len(signatures)}; got: {len(texts)}")
    if not len(texts):
        return float("nan"), float("nan")
    _, group_of = np.unique(np.array(signatures, dtype=str), return_inverse=True)
    different, text_of = np.unique(np.array(texts, dtype=str), return_inverse=True)
    words = _words_of(different.tolist())
    random = np.random.default_rng(seed)
    by_chance = [_bits(_counted(group_of, random.permutation(text_of), words)) for _ in range(shuffles)]
    return _bits(_counted(group_of, text_of, words)), float(np.mean(by_chance)) if by_chance else float("nan")


def _runs(text: str, length: int) -> list[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]


def _words_of(texts: Sequence[str]) -> csr_matrix:
    """Return which words each text has: (texts, words) of ones."""
    found = [sorted(set(_WORD.findall(text.lower()))) for text in texts]
    known = {word: place for place, word in enumerate(sorted(set().union(*found)))}
    ends = np.cumsum([0, *map(len, found)])
    columns = np.array([known[word] for words in found for word in words], np.int64)
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(texts), len(known)))


def _counted(group_of: Positions, text_of: Positions, words: csr_matrix) -> csr_matrix:
    """Return how often each group of users reads each word: (groups, words)."""
    shape = (int(group_of.max()) + 1, words.shape[0])
    return csr_matrix(csr_matrix((np.ones(len(group_of)), (group_of, text_of)), shape=shape) @ words)


def _bits(counts: csr_matrix) -> float:
    total = counts.sum()
    if not total:
        return float("nan")
    found = counts.tocoo()
    expected = counts.sum(axis=1).A1[found.row] * counts.sum(axis=0).A1[found.col]
    return max(float((found.data / total * np.log2(found.data * total / expected)).sum()), 0.0)
