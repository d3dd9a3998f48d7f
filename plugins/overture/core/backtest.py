"""What strategies would have recommended on a day, judged by what users did after it: discoveries and repeats apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from overture.core.history import History, Items, Users
from overture.core.ranking import Positions, stored_pairs
from overture.core.strategies import REPLENISH, TASKS, Asked, Strategy, fit_strategy, recommend_all

Lists = Mapping[str, Mapping[str, Positions]]
"""Task -> strategy -> (users asked for, k) item positions, best first, -1 past the end of a short list."""


@dataclass(frozen=True)
class Stage:
    """What was known on the judged day. asked: who was recommended to, as positions in the history's users."""

    history: History
    items: Items
    users: Users
    asked: Positions

    def asked_for(self, task: str) -> Asked:
        """Return the users asked for with what the task lets them have."""
        return Asked(self.asked, task, self.history.counts[self.asked], self.items.is_allowed)


def lists_of(stage: Stage, strategies: Mapping[str, Strategy], k: int) -> dict[str, dict[str, Positions]]:
    """Fit each strategy once and return its lists for both tasks; raise StrategyError that names one that fails."""
    lists: dict[str, dict[str, Positions]] = {task: {} for task in TASKS}
    for name, strategy in strategies.items():
        recommend = fit_strategy(name, strategy, stage.history, stage.items, stage.users)
        for task in TASKS:
            lists[task][name] = recommend_all(name, recommend, stage.asked_for(task), k).items
    return lists


def relevant_to(asked: Asked, bought_after: csr_matrix) -> csr_matrix:
    """Return what each user asked for did of the task, as ones in (users asked for, items).

    bought_after: (users of the history, items). Items that may not be recommended do not count: no list can hold them.
    """
    done = bought_after[asked.positions].tocoo()
    keys = done.row * np.int64(done.shape[1]) + done.col
    was_bought = np.isin(keys, stored_pairs(asked.bought))
    is_kept = asked.is_allowed[done.col] & (was_bought == (asked.task == REPLENISH))
    ones = np.ones(int(is_kept.sum()))
    return csr_matrix((ones, (done.row[is_kept], done.col[is_kept])), shape=done.shape)
