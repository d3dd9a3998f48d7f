"""Top 20 of 100,000 items for 100,000 users, nothing they have seen: against implicit, plain numpy and bare sgemm."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from bench.machine import exponent, timed
from overture.adapters.als import one_blas_thread
from overture.core.factors import Matrix
from overture.core.ranking import rank_by_factors
from overture.cost import measured

USERS, ITEMS, FACTORS, LENGTH, SEEN = 100_000, 100_000, 128, 20, 30
BATCH = 8192
PRODUCT = 512, 8192
"""Users and items of the product that shows what sgemm gives here."""

SEED, REPEATS, PLAIN_USERS = 5, 5, 1024

Lists = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """Factors of all users and items, and what each user has seen."""

    user_factors: Matrix
    item_factors: Matrix
    seen: csr_matrix

    def batch(self, users: slice) -> "Task":
        """Return some of the users."""
        return Task(self.user_factors[users], self.item_factors, self.seen[users])


def main(scale: float = 1.0) -> None:
    """Print users a CPU second of each way and the share of sgemm's rate, then the growth with users.

    scale: a part of the users, such as 0.01. No way is approximate: each scores every pair of user and item.
    """
    users = int(USERS * scale)
    task, floor = _task(users), 2 * ITEMS * FACTORS
    print(f"top {LENGTH} of {ITEMS} items for {users} users, {FACTORS} factors, {SEEN} seen items left out")
    rate = _sgemm_rate(task)
    print(
        f"sgemm alone: {rate / 1e9:.0f} GFLOP a CPU second, {rate / floor:.0f} users' scores ({floor / 1e6:.1f} MFLOP)"
    )
    seconds, lists = _in_turn(task)
    for name, taken in seconds.items():
        speed = (users if name != "numpy" else min(users, PLAIN_USERS)) / taken
        print(f"{name:9} {speed:6.0f} users a CPU second, {speed * floor / rate:.0%} of sgemm's rate")
    print(f"ours / implicit's CPU seconds: {seconds['ours'] / seconds['implicit']:.2f} (wanted: at most 1.00)")
    _print_difference(task, lists)
    _print_growth([max(1, users // part) for part in (4, 2, 1)])


def _task(users: int) -> Task:
    random = np.random.default_rng(SEED)
    item_factors, user_factors = (random.standard_normal((n, FACTORS), np.float32) / 10 for n in (ITEMS, users))
    at = np.repeat(np.arange(users), SEEN), random.integers(0, ITEMS, users * SEEN)
    seen = csr_matrix((np.ones(len(at[0]), np.float32), at), shape=(users, ITEMS))
    seen.sum_duplicates()
    return Task(user_factors, item_factors, seen)


def _sgemm_rate(task: Task) -> float:
    """Return FLOP a CPU second of one core, the best of several."""
    random = np.random.default_rng(SEED)
    users, items = (random.standard_normal((count, FACTORS), np.float32) for count in PRODUCT)
    out = np.ones(PRODUCT, np.float32)
    with one_blas_thread():
        taken = min(timed(lambda: np.matmul(users, items.T, out=out)).cpu for _ in range(4 * REPEATS))
    return 2 * out.size * FACTORS / taken


def _ours(task: Task) -> Lists:
    return rank_by_factors(
        task.user_factors, task.item_factors, np.ones(len(task.item_factors), np.bool_), task.seen, LENGTH
    ).items


def _implicit(task: Task) -> Lists:
    model = AlternatingLeastSquares(factors=FACTORS, num_threads=1)
    model.user_factors, model.item_factors = task.user_factors, task.item_factors
    items, _ = model.recommend(np.arange(len(task.user_factors)), task.seen, N=LENGTH)
    return np.asarray(items, np.int64)


def _numpy(task: Task) -> Lists:
    scores = task.user_factors @ task.item_factors.T
    scores[task.seen.nonzero()] = -np.inf
    best = np.argpartition(-scores, LENGTH, axis=1)[:, :LENGTH]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def _in_turn(task: Task) -> tuple[dict[str, float], dict[str, Lists]]:
    """Return CPU seconds and lists of each way, taken in turn for each batch, so that a slower minute slows both.

    numpy is far slower: only the first PLAIN_USERS are ranked with it.
    """
    ways: Mapping[str, Callable[[Task], Lists]] = {"ours": _ours, "implicit": _implicit}
    seconds, lists = dict.fromkeys(ways, 0.0), {name: [] for name in ways}
    with one_blas_thread():
        for batch in _batches(task):
            for name, rank in ways.items():
                found = timed(lambda rank=rank, batch=batch: rank(batch))
                seconds[name] += found.cpu
                lists[name].append(found.made)
        seconds["numpy"] = timed(lambda: _numpy(task.batch(slice(0, PLAIN_USERS)))).cpu
    return seconds, {name: np.concatenate(parts) for name, parts in lists.items()}


def _batches(task: Task) -> Iterator[Task]:
    for start in range(0, len(task.user_factors), BATCH):
        yield task.batch(slice(start, start + BATCH))


def _print_difference(task: Task, lists: Mapping[str, Lists]) -> None:
    user, place = np.nonzero(lists["ours"] != lists["implicit"])
    users = task.user_factors[user].astype(np.float64)
    ours, theirs = ((users * task.item_factors[lists[name][user, place]]).sum(axis=1) for name in lists)
    print(
        f"places with the same item: {1 - len(user) / lists['ours'].size:.4%};"
        f" elsewhere the scores differ by {np.abs(ours - theirs).max(initial=0):.1e} at most (ties, and last bits)"
    )


def _print_growth(sizes: list[int]) -> None:
    """Rank so many users in processes of their own, all at once as the day does."""
    costs = []
    for users in sizes:
        command = [sys.executable, "-m", "bench.bench_ranking_large", "alone", str(users)]
        costs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print(
            f"{users} users: {costs[-1]['cpu']:.1f} s of CPU, peak {costs[-1]['peak_mb']:.0f} MB (wanted: below 1024)"
        )
    print(
        f"seconds grow with users to the power of {exponent(sizes, [cost['cpu'] for cost in costs]):.2f},"
        f" memory of {exponent(sizes, [cost['peak_mb'] for cost in costs]):.2f} (wanted: at most 1)"
    )


def _rank_alone(users: int) -> None:
    """Rank so many users and print what it took, the factors and what was seen included in the memory."""
    task = _task(users)
    with one_blas_thread(), measured() as cost:
        taken = timed(lambda: _ours(task))
    print(json.dumps({"cpu": taken.cpu, "peak_mb": cost.peak_mb}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["alone"]:
        _rank_alone(int(sys.argv[2]))
    else:
        main(*map(float, sys.argv[1:]))
