"""Every metric of 20 items for 100,000 users with its interval: seconds of CPU, and their growth with users."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.bootstrap import RESAMPLES, list_intervals, mean_intervals, mutual_information_interval
from overture.core.group_metrics import judge_groups
from overture.core.list_metrics import (
    category_exposure_of,
    coverage,
    diversity,
    exposure_of,
    gini,
    mutual_information,
    novelty,
    personalisation,
)
from overture.core.metrics import judge_users
from overture.cost import measured

USERS, ITEMS, LENGTH = 100_000, 10_000, 20
DONE, TAGS, TAGS_OF_ITEM, GROUPS = 10, 300, 3, 8
REPEATS, SEED = 3, 11
ALL = "all metrics, with intervals of those of each user"


@dataclass(frozen=True)
class Shop:
    """Lists, what their users did, and what is known of users and items; drawn by chance, the same each time."""

    items: npt.NDArray[np.int64]
    relevant: csr_matrix
    had: npt.NDArray[np.int64]
    tags: csr_matrix
    category_of: npt.NDArray[np.int64]
    group_of: npt.NDArray[np.int64]


def main() -> None:
    """Print median seconds of CPU of all metrics and of parts, then those of all with 1, 2 and 4 times the users."""
    shop = _shop(USERS)
    print(f"{USERS} users, {LENGTH} of {ITEMS} items, {DONE} relevant, {TAGS} tags, {RESAMPLES} resamples")
    once = _cpu_seconds(_all, shop)
    print(f"{ALL:50} {once:6.2f} s of CPU (wanted: at most 2.00)")
    for name, work in PARTS.items():
        print(f"{name:50} {_cpu_seconds(work, shop):6.2f} s of CPU")
    for times in (1, 2, 4):
        more = _shop(USERS * times)
        with measured() as cost:
            taken = _cpu_seconds(_all, more)
        print(f"{times} x users: {taken:.2f} s of CPU, {taken / once:.2f} of once, peak {cost.peak_mb:.0f} MB")


def _shop(users: int) -> Shop:
    random = np.random.default_rng(SEED)
    # A stride coprime to ITEMS: no item twice in a list. The square makes low starts, and so some items, more popular.
    first = (random.random((users, 1)) ** 2 * ITEMS).astype(np.int64)
    items = (first + 37 * np.arange(LENGTH)) % ITEMS
    return Shop(
        items=items,
        relevant=_pairs(random, users, ITEMS, DONE),
        had=np.bincount(random.integers(0, ITEMS, 10 * users), minlength=ITEMS).clip(max=users),
        tags=_pairs(random, ITEMS, TAGS, TAGS_OF_ITEM),
        category_of=random.integers(0, TAGS, ITEMS),
        group_of=random.integers(0, GROUPS, users),
    )


def _pairs(random: np.random.Generator, rows: int, columns: int, each: int) -> csr_matrix:
    at = np.repeat(np.arange(rows), each), random.integers(0, columns, rows * each)
    return csr_matrix((np.ones(rows * each, np.float32), at), shape=(rows, columns))


def _all(shop: Shop) -> None:
    """Every metric, with intervals for what each user has a value of."""
    judged = judge_users(shop.items, shop.relevant)
    beside = {"novelty": novelty(shop.items, shop.had, len(shop.items)), "diversity": diversity(shop.items, shop.tags)}
    mean_intervals({**judged.values, **{metric: values[judged.users] for metric, values in beside.items()}}, SEED)
    exposure = exposure_of(shop.items, ITEMS)
    coverage(exposure)
    gini(exposure)
    personalisation(shop.items, ITEMS)
    told = category_exposure_of(shop.items, shop.group_of, shop.category_of).sum(axis=0)
    mutual_information(np.asarray(told).reshape(GROUPS, -1))


def _by_group(shop: Shop) -> None:
    judged = judge_users(shop.items, shop.relevant)
    judge_groups(judged.values["recall"], shop.group_of[judged.users].astype(np.str_), SEED)


def _of_lists(shop: Shop) -> None:
    list_intervals(shop.items, np.ones(ITEMS, np.bool_), SEED)


def _mutual_information(shop: Shop) -> None:
    mutual_information_interval(shop.items, shop.group_of, shop.category_of, SEED)


def _cpu_seconds(work: Callable[[Shop], object], shop: Shop) -> float:
    """Return the median; CPU of all threads, since other programs may hold the cores meanwhile."""
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        work(shop)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


PARTS: Mapping[str, Callable[[Shop], object]] = {
    "recall, precision, ndcg, map, mrr, hit_rate": lambda shop: judge_users(shop.items, shop.relevant),
    "novelty": lambda shop: novelty(shop.items, shop.had, len(shop.items)),
    "diversity": lambda shop: diversity(shop.items, shop.tags),
    "the interval of coverage, gini, personalisation": _of_lists,
    "the interval of mutual information": _mutual_information,
    "the intervals of recall by group, and its gap": _by_group,
}

if __name__ == "__main__":
    main()
