"""What ranked lists are like beside being right: how much of the shop they show, how new, varied and personal they are.

A list has k places, best first; -1 stands past the end of a short list and counts for nothing. Functions of exposures
take one set of counts or many at once: `...` stands for any leading axes, such as the resamples of `core.bootstrap`.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.metrics import check_lists, ratio

BLOCK_USERS = 4096
"""So many users' pairs of places are compared at once."""

Counts = npt.NDArray[np.integer]
Values = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


def exposure_of(items: Positions, item_count: int) -> Positions:
    """Return in how many of the (users, k) lists each item stands, as int64 (item_count,).

    Raises ValueError for lists that `metrics.check_lists` refuses.

    >>> exposure_of(np.array([[0, 2], [2, -1]]), item_count=4).tolist()
    [1, 0, 2, 0]
    """
    check_lists(items, item_count)
    return np.bincount(items[items >= 0], minlength=item_count)


def coverage(exposures: Counts) -> Values:
    """Return the share of the catalogue that stands in at least one list, from 0 to 1, for (..., items) exposures.

    A catalogue without items gives nan. Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender
    systems by coverage and serendipity" (2010), catalogue coverage.

    >>> float(coverage(np.array([1, 0, 2, 0])))
    0.5
    """
    return ratio(np.count_nonzero(exposures, axis=-1), np.asarray(exposures.shape[-1]))


def gini(exposures: Counts) -> Values:
    """Return how unequally the places are spread over the catalogue, for (..., items) exposures.

    0: every item is listed equally often. 1 - 1/items: one item has all. Items never listed count. No listed item
    gives nan. This is the mean difference between two items / twice the mean exposure; Fleder and Hosanagar,
    "Blockbuster culture's next rise or fall" (2009), use it for recommendations.

    >>> gini(np.array([[5, 5, 5, 5], [0, 0, 0, 9]])).tolist()
    [0.0, 0.75]
    """
    items = exposures.shape[-1]
    weights = 2.0 * np.arange(1, items + 1) - items - 1
    return ratio(np.sort(exposures, axis=-1) @ weights, items * exposures.sum(axis=-1))


def novelty(items: Positions, had: Counts, users: int) -> Values:
    """Return the mean of -log2(share of users that had the item before) over each list, in bits, as float64 (lists,).

    had: (items,), so many of the `users` had the item before. 0: everybody had all of the list. An item that nobody
    had counts as had by one user, so the most is log2(users). An empty list gives nan. Zhou et al., "Solving the
    apparent diversity-accuracy dilemma of recommender systems" (2010), self-information.

    Raises ValueError for counts outside 0 to `users`, for no users, and for lists that `metrics.check_lists` refuses.

    >>> novelty(np.array([[0, 1], [1, -1], [-1, -1]]), np.array([4, 1]), users=4).tolist()
    [1.0, 2.0, nan]
    """
    check_lists(items, len(had))
    if users < 1 or ((had < 0) | (had > users)).any():
        got = f"{had.min(initial=0)} to {had.max(initial=0)}"
        raise ValueError(f"users who had an item; expected: 0 to {users}, of 1 or more; got: {got}")
    # The last entry, which -1 reads, adds nothing.
    bits = np.append(np.log2(users / np.maximum(had, 1)), 0.0)
    return ratio(bits[items].sum(axis=1), (items >= 0).sum(axis=1))


def diversity(items: Positions, tags: csr_matrix) -> Values:
    """Return 1 - the mean Jaccard index of the tag sets of two items of a list, as float64 (lists,), from 0 to 1.

    tags: (items, tags) CSR whose stored pairs are the items' tags, each stored once. The Jaccard index is shared tags /
    tags of either.
    Items without tags are left out; a list with fewer than two others gives nan. Ziegler et al., "Improving
    recommendation lists through topic diversification" (2005), intra-list similarity, which grows where this falls.

    Time grows with lists, with k squared and with the tags that more than one item has, 64 at a time. Raises
    ValueError for lists that `metrics.check_lists` refuses.

    >>> tags = csr_matrix([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]])
    >>> diversity(np.array([[0, 1, 3], [0, 2, -1], [0, 3, -1]]), tags).round(3).tolist()
    [0.0, 0.667, nan]
    """
    check_lists(items, tags.shape[0])
    words = _tag_words(tags)
    # The last entry, which -1 reads, has no tags.
    sizes = np.append(np.diff(tags.indptr), 0).astype(np.float32)
    found = np.empty(len(items))
    for start in range(0, len(items), BLOCK_USERS):
        part = np.ascontiguousarray(items[start : start + BLOCK_USERS].T)
        similar, pairs = _similar_pairs(words[:, part], sizes[part])
        found[start : start + BLOCK_USERS] = ratio(pairs - similar, pairs)
    return found


def _tag_words(tags: csr_matrix) -> npt.NDArray[np.uint64]:
    """Return the items' tags as bits, (words, items + 1), the last item without any.

    A tag that only one item has is in no intersection: it counts in the size of the set alone.
    """
    items_of_tag = np.bincount(tags.indices, minlength=tags.shape[1])
    is_shared = items_of_tag > 1
    bit_of_tag = is_shared.cumsum() - 1
    kept = is_shared[tags.indices]
    rows = np.repeat(np.arange(tags.shape[0]), np.diff(tags.indptr))[kept]
    word, bit = np.divmod(bit_of_tag[tags.indices[kept]], 64)
    words = np.zeros((-(-int(is_shared.sum()) // 64), tags.shape[0] + 1), np.uint64)
    np.bitwise_or.at(words, (word, rows), np.uint64(1) << bit.astype(np.uint64))
    return words


def _similar_pairs(words: npt.NDArray[np.uint64], sizes: npt.NDArray[np.float32]) -> tuple[Values, Values]:
    """Return each list's sum of Jaccard indices and its number of pairs, for (words, k, lists) bits."""
    places, lists = sizes.shape
    similar, has_tags = np.zeros(lists), sizes > 0
    for distance in range(1, places):
        first, second = slice(None, places - distance), slice(distance, None)
        shared = np.zeros((places - distance, lists), np.float32)
        for word in words:
            shared += np.bitwise_count(word[first] & word[second])
        # Sets without a tag share none: 0 / 1 instead of 0 / 0.
        either = np.maximum(sizes[first] + sizes[second] - shared, 1)
        similar += (shared / either).sum(axis=0, dtype=np.float64)
    tagged = has_tags.sum(axis=0)
    return similar, tagged * (tagged - 1) / 2


def personalisation(items: Positions, item_count: int) -> float:
    """Return the mean of 1 - |A and B| / k over all pairs of users' lists A and B, from 0 to 1.

    0: everybody has the same full list. 1: no two users share an item. The free places of short lists are shared with
    nobody, so two equal lists of k/2 items are 0.5 apart. Users with an empty list are left out; fewer than two others
    give nan. Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems" (2010),
    personalization. The pairs are not visited: an item in n lists is shared by n (n - 1) / 2 pairs.

    Raises ValueError for lists that `metrics.check_lists` refuses.

    >>> personalisation(np.array([[0, 1], [1, 2], [3, -1]]), item_count=4)  # the pairs: 0.5, 1, 1
    0.8333333333333334
    """
    lengths = (items >= 0).sum(axis=1)
    return float(
        distance_of_lists(exposure_of(items, item_count), np.ones(len(items), np.int64), lengths, items.shape[1])
    )


def distance_of_lists(exposures: Counts, draws: Counts, lengths: Counts, places: int) -> Values:
    """Return the personalisation of users who were drawn more than once or not at all; a user is no pair with itself.

    exposures: (..., items), each user's list counted as often as the user was drawn. draws: (..., users), how often
    that was. lengths: (users,), items in each list. places: the k of the lists. Returns (...); no pair of two users
    gives nan.

    >>> float(distance_of_lists(np.array([2, 3, 1]), np.array([2, 1]), np.array([2, 2]), 2))
    0.5
    """
    draws, exposures = draws.astype(np.float64), exposures.astype(np.float64)
    squares = draws**2
    has_list = (lengths > 0).astype(np.float64)
    pairs = (draws @ has_list) ** 2 - squares @ has_list
    shared = (exposures**2).sum(axis=-1) - squares @ lengths.astype(np.float64)
    return ratio(pairs * places - shared, pairs * places)


def category_exposure_of(items: Positions, group_of: Positions, category_of: Positions) -> csr_matrix:
    """Return in how many places of each list each pair of user group and category stands, as (lists, pairs) CSR.

    group_of: (lists,), category_of: (items,), both counted from 0, -1 for none: such places are left out. Pair
    g * categories + c is group g with category c; `mutual_information` takes the columns' sums by group and category.
    Where nothing has a group, or a category, there is one that stays empty.

    >>> category_exposure_of(np.array([[0, 1], [1, -1]]), np.array([0, 1]), np.array([1, 0])).toarray().tolist()
    [[1, 1, 0, 0], [0, 0, 1, 0]]
    """
    groups, categories = (int(codes.max(initial=0)) + 1 for codes in (group_of, category_of))
    category = np.append(category_of, -1)[items]
    kept = (category >= 0) & (group_of >= 0)[:, None]
    pairs = (group_of[:, None] * categories + category)[kept]
    rows = np.broadcast_to(np.arange(len(items))[:, None], items.shape)[kept]
    return csr_matrix((np.ones(len(rows), np.int32), (rows, pairs)), shape=(len(items), groups * categories))


def mutual_information(table: Counts) -> Values:
    """Return what a user's group tells of the category of a listed item, in bits, for (..., groups, categories) counts.

    0: every group is shown the same mix. At most log2 of the smaller number of groups or categories. A table without
    counts gives nan; one group, or one category, gives 0. Cover and Thomas, "Elements of information theory" (2006),
    section 2.3. The plug-in estimate: few places in many cells give more than 0 by chance alone.

    >>> mutual_information(np.array([[[5, 0], [0, 5]], [[2, 4], [3, 6]]])).round(9).tolist()
    [1.0, 0.0]
    """
    counts = table.astype(np.float64)
    total = counts.sum(axis=(-2, -1))
    expected = counts.sum(axis=-1, keepdims=True) * counts.sum(axis=-2, keepdims=True)
    # An empty cell adds nothing: 0 * log2(1).
    surprise = np.log2(ratio(counts * total[..., None, None], expected), where=counts > 0, out=np.zeros_like(counts))
    return np.maximum(ratio((counts * surprise).sum(axis=(-2, -1)), total), 0.0)
