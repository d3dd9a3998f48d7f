"""A past day as it was known then, and what users did in the days after it: what a configuration is judged on."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from overture.core.backtest import Stage, relevant_to
from overture.core.behaviour import Ids
from overture.core.dated_events import DatedEvents, FadingPairs
from overture.core.earlier import bought_in, history_before, items_before
from overture.core.history import History, Items, Pairs, Users, favourites_of
from overture.core.purchases import Purchases
from overture.core.ranking import Positions
from overture.core.strategies import TASKS

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shop:
    """All that is known as of one day.

    items: with what may be recommended on that day. readers: who may be recommended to, as positions in the events'
    users. is_buying: (types,) whether a user has the item after an event of the type.
    """

    events: DatedEvents
    items: Items
    readers: Positions
    is_buying: Flags


@dataclass(frozen=True)
class ValidationDay:
    """One day to judge by. stage: what was known, and asked for the readers who did anything of either task after it.

    bought_after: ones in (users, items). pairs: of which each configuration makes its own weights.
    """

    days_before: int
    stage: Stage
    bought_after: csr_matrix
    pairs: FadingPairs

    @classmethod
    def of(cls, shop: Shop, days_before: int, horizon_days: int) -> "ValidationDay":
        """Return the day that was so many days before, judged by what was bought in the days after it.

        Items keep what may be recommended as of the shop's day, and have the buyers of the earlier day; each user's
        favourite department is the one of most purchases by then.
        """
        events = shop.events
        bought = shop.is_buying[events.kinds]
        known = bought & (events.known_days_ago >= days_before)
        purchases = _purchases(events, known)
        pairs = Pairs(*(np.empty(0, np.int64) for _ in range(5)))
        today = History.of(events.user_ids, events.item_ids, pairs)
        history = history_before(today, purchases, days_before, 1.0)
        items = items_before(shop.items, purchases, days_before)
        users = Users(favourites_of(history, items)[:, None])
        after = bought_in(_purchases(events, bought), days_before, horizon_days, history.counts.shape)
        stage = Stage(history, items, users, shop.readers)
        did = [np.diff(relevant_to(stage.asked_for(task), after).indptr) > 0 for task in TASKS]
        stage = dataclasses.replace(stage, asked=shop.readers[np.any(did, axis=0)])
        return cls(days_before, stage, after, FadingPairs.of(events, days_before))

    @property
    def asked_ids(self) -> Ids:
        """The ids of the users asked for, sorted."""
        return self.stage.history.user_ids[self.stage.asked]

    def history(self, half_life_days: float, type_weights: npt.NDArray[np.float64]) -> History:
        """Return what was known, with the weights that this half-life and these weights of types make of it."""
        weights, history = self.pairs.weights(half_life_days, type_weights), self.stage.history
        counts = np.bincount(self.pairs.users, minlength=len(history.user_ids))
        ends = np.concatenate([[0], counts.cumsum()])
        matrix = csr_matrix((weights, self.pairs.items, ends), shape=history.counts.shape)
        matrix.eliminate_zeros()
        return dataclasses.replace(history, weights=matrix)


def _purchases(events: DatedEvents, chosen: Flags) -> Purchases:
    """Return the chosen events as purchases: one for each user, item and day."""
    days = int(events.days_ago.max(initial=0)) + 1
    pair = events.users[chosen] * np.int64(max(1, len(events.item_ids))) + events.items[chosen]
    pair, days_ago = np.divmod(np.unique(pair * days + events.days_ago[chosen]), days)
    users, items = np.divmod(pair, max(1, len(events.item_ids)))
    return Purchases.of(users, items, days_ago)
