"""What a re-ranker is told of a user and an item as of a day: habits, rhythm, demand, nearness, price and offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from overture.core.affinity import Affinity
from overture.core.demand import Demand
from overture.core.factors import Matrix
from overture.core.history import History, Items
from overture.core.paid import Paid
from overture.core.rhythm import HALF_LIVES, WINDOWS, Amounts, Rhythm, Visits, Whole

Columns = Mapping[str, npt.NDArray[Any]]

GROUP_FEATURES = ("purchases", "purchases_28d", "last", "due", "lift")
"""What `Affinity.features` returns, for the item's department and for its category."""

SOURCES = ("als", "ease", "together", "cosine", "in_category")
"""What scores new items; each score is a feature, and so is its place among the user's candidates."""

SMOOTHING = 5.0
"""Trends are ratios of counts with so many added to both: two purchases after one are no doubling."""

USUAL_GAPS = 1.0
"""A user's mean gap is drawn towards the item's as by so many more gaps: that of a single purchase is the item's."""


@dataclass(frozen=True)
class Facts:
    """All that the features are made of, as of the history's day: see the classes for what each holds.

    habits: float64 (entries of the rhythm,), as `core.habits` scores them by. places: the entry's place among the
    user's by that, from 0. offers: (items,), in how many offers an item is.
    """

    visits: Visits
    rhythm: Rhythm
    demand: Demand
    paid: Paid
    departments: Affinity
    categories: Affinity
    habits: Amounts
    places: Whole
    offers: Whole

    @classmethod
    def of(cls, history: History, items: Items) -> "Facts":
        """Return the facts; without categories every item is in none. Raises ValueError without single purchases."""
        purchases = history.purchases
        if purchases is None:
            raise ValueError("purchases; expected: the single purchases of the history; got: none")
        users, count = history.counts.shape
        visits = Visits.of(purchases, users)
        rhythm = Rhythm.of(purchases, visits, count)
        demand = Demand.of(purchases, rhythm, count)
        habits = np.sqrt(rhythm.counts * rhythm.decayed[:, 1]) * (0.3 + demand.repeat_share[rhythm.items])
        categories = np.full(count, -1, np.int32) if items.categories is None else items.categories
        return cls(
            visits,
            rhythm,
            demand,
            Paid.of(purchases, rhythm, users, count),
            Affinity.of(purchases, visits, items.departments),
            Affinity.of(purchases, visits, categories),
            habits,
            places_within(rhythm.users, habits),
            np.zeros(count, np.int64) if items.offers is None else items.offers.count_valid(count),
        )

    @np.errstate(divide="ignore", invalid="ignore")
    def of_bought(self, entries: Whole) -> tuple[tuple[str, ...], Matrix]:
        """Return names and float32 (entries, names) features of items that the user bought before.

        entries: positions in the rhythm.
        """
        users, items = self.rhythm.users[entries], self.rhythm.items[entries]
        return _stacked(
            {
                "habits": self.habits[entries],
                "place": self.places[entries],
                **self._rhythm(entries, items),
                **self._user(users),
                **self._item(items),
                **self._groups(users, items),
                **self._prices(users, items),
                "paid_by_own": self.paid.lately[items] / self.paid.own[entries],
            }
        )

    @np.errstate(divide="ignore", invalid="ignore")
    def of_new(self, users: Whole, items: Whole, scores: Columns) -> tuple[tuple[str, ...], Matrix]:
        """Return names and float32 (pairs, names) features of items that the user never bought.

        scores: for each of SOURCES what it gives the pair, nan where it knows nothing. All pairs of a user are given
        at once: a place is one among them.
        """
        found = {**scores}
        for name in SOURCES:
            found[f"{name}_place"] = places_within(users, np.nan_to_num(scores[name]))
        demand = self.demand
        return _stacked(
            {
                **found,
                "new_14d": demand.new_14d[items],
                "new_28d": demand.new_28d[items],
                "sold_14d": demand.sold_14d[items],
                "new_share": (demand.new_28d[items] + 1) / (demand.sold_28d[items] + SMOOTHING),
                "known_days": demand.known_days[items],
                **self._user(users),
                **self._item(items),
                **self._groups(users, items),
                **self._prices(users, items),
            }
        )

    def _rhythm(self, entries: Whole, items: Whole) -> Columns:
        rhythm, usual = self.rhythm, self.demand.gap_days[items]
        counts, last = rhythm.counts[entries], rhythm.last[entries]
        gap = (rhythm.gap_days[entries] + USUAL_GAPS * usual) / (counts - 1 + USUAL_GAPS)
        rate = (counts + 0.3) / (rhythm.visits_since_first[entries] + 4)
        found: dict[str, npt.NDArray[Any]] = {
            "count": counts,
            "first": rhythm.first[entries],
            "last": last,
            "gap": gap,
            "last_gap": rhythm.last_gap[entries],
            "due": last / np.maximum(gap, 1),
            "overdue": last - gap,
            "due_by_item": last / usual,
            "visits_since_last": rhythm.visits_since_last[entries],
            "visits_since_first": rhythm.visits_since_first[entries],
            "rate": rate,
            "due_visits": rhythm.visits_since_last[entries] * rate,
        }
        found |= {f"decayed_{days}d": rhythm.decayed[entries, n] for n, days in enumerate(HALF_LIVES)}
        return found | {f"count_{days}d": rhythm.within[entries, n] for n, days in enumerate(WINDOWS)}

    def _user(self, users: Whole) -> Columns:
        visits, totals = self.visits, self.departments.totals
        return {
            "visits": visits.total[users],
            "visits_28d": visits.in_28d[users],
            "days_since_visit": visits.days_since[users],
            "purchases_each_visit": totals[users] / np.maximum(visits.total[users], 1),
        }

    def _item(self, items: Whole) -> Columns:
        demand = self.demand
        sold, before = demand.sold_28d[items] + SMOOTHING, demand.sold_28d_before[items] + SMOOTHING
        return {
            "sold_7d": demand.sold_7d[items],
            "sold_28d": demand.sold_28d[items],
            "trend_week": (4 * demand.sold_7d[items] + SMOOTHING) / sold,
            "trend_month": sold / before,
            "buyers": demand.buyers[items],
            "repeat_share": demand.repeat_share[items],
            "item_gap": demand.gap_days[items],
            "counts_each": demand.counts_each[items],
            "offers": self.offers[items],
        }

    def _groups(self, users: Whole, items: Whole) -> Columns:
        found: dict[str, Amounts] = {}
        for name, affinity in (("department", self.departments), ("category", self.categories)):
            columns = affinity.features(users, items)
            found |= {f"{name}_{feature}": column for feature, column in zip(GROUP_FEATURES, columns, strict=True)}
        return found

    def _prices(self, users: Whole, items: Whole) -> Columns:
        paid = self.paid
        return {
            "paid_by_usual": paid.lately[items] / paid.usually[items],
            "usual_by_basket": paid.usually[items] / paid.by_user[users],
        }


def places_within(users: Whole, scores: npt.NDArray[np.floating[Any]]) -> Whole:
    """Return each entry's place among its user's by score, from 0; of equals the first comes first.

    >>> places_within(np.array([0, 0, 1]), np.array([1.0, 2.0, 0.5])).tolist()
    [1, 0, 0]
    """
    order = np.lexsort((-scores, users))
    places = np.empty(len(order), np.int64)
    ordered = users[order]
    places[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return places


def _stacked(columns: Columns) -> tuple[tuple[str, ...], Matrix]:
    return tuple(columns), np.column_stack([np.asarray(each, np.float32) for each in columns.values()])
