"""A blend: candidates of several sources, put in order by trees that learnt on earlier days what is bought next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from overture.adapters.als import AlsParameters
from overture.adapters.blend_order import AgainOrder, NewOrder
from overture.adapters.blend_sources import Depths, Sources
from overture.adapters.implicit_strategies import Together
from overture.adapters.lightgbm_ranker import Rank, Trees
from overture.configuration import load_config
from overture.core.blend_examples import Examples, examples_of_bought, examples_of_new
from overture.core.blend_features import Facts
from overture.core.earlier import bought_in, history_before, items_before
from overture.core.habits import Habits
from overture.core.history import History, Items, Users
from overture.core.parameters import need_number, need_whole
from overture.core.purchases import Purchases
from overture.core.recommendations import in_blocks
from overture.core.strategies import DISCOVER, REPLENISH, Asked, Recommend

HORIZON_DAYS = 7
"""What was bought in so many days after an earlier day is what the trees foresee."""


@dataclass(frozen=True)
class Blend:
    """Re-ranks candidates by LightGBM on features as of the day, learnt on the weeks that end on it.

    For each of the last weeks, the history is taken back to the day before it, candidates and features are made from
    that alone, and what was bought in the week says which were right; nothing after the day is seen. New items come
    from `blend_sources.Sources`, items to replenish are all that the user bought; each task has trees of its own.

    nDCG@10 of the 7 days after 2017-06-13, 07-11 and 08-08 of the bundled source, on which nothing was chosen: new
    items .0374 (als_with_ease, then without its prior, .0299; paired over users +.0072, 95 % .0044 to .0102),
    replenishing .406 (habits .391; +.0161, .0120 to .0204). On the days of the choice, 05-30, 06-27 and 07-25: .0411
    (.0332) and .398 (.389); there, with two other seeds .0397 and .0393, without prices .0391 and .397, without
    categories .0386 and .397, without the feature of offers .0392 and .397; lambdarank in place of log loss was no
    better (.0405 to .0403 of new items in a prototype, behind on what was bought before). Against als_with_ease with
    its prior, on 08-01 and 08-08: .0355 (.0292; +.0063, .0038 to .0091) and .398 (habits .385); later days stand in
    docs/quality.md.

    Where the history has no single purchases, or these weeks have fewer than `least_bought` right candidates of a task
    (first days, tiny shops), nothing is learnt for it: then its lists are those of als_with_ease (discover) or habits
    (replenish). A list that is longer than the candidates goes on as als_with_ease does.

    A fit to 890,000 purchases of 2,400 users and 54,000 items takes 1.3 GB and 72 s of one core, and grows with the
    purchases, with EASE's items squared, and with the candidates of the learners.

    weeks_new, weeks_bought: learnt from, 1 or more. depth: of each user's habits that are learnt from. learners: of
    more users than that, every n-th is asked for new items in a week. mix: so many times the logarithm of
    als_with_ease's score is added to what the trees say of new items. rounds, leaves, least_rows, learning_rate,
    shrinkage, share, seed: see `lightgbm_ranker.Trees`. threads, factor_parameters: as for `Als`. half_life_days: of
    the weights of earlier days, None for that of interactions.toml. single: what learns ALS with EASE, None for
    `Together` with its own defaults. Raises ValueError for a parameter out of range.
    """

    weeks_new: int = 3
    weeks_bought: int = 4
    depth: int = 60
    learners: int = 4000
    least_bought: int = 100
    rounds: int = 120
    leaves: int = 7
    least_rows: int = 500
    learning_rate: float = 0.07
    shrinkage: float = 20.0
    share: float = 0.5
    mix: float = 0.1
    seed: int = 20170101
    threads: int = 1
    factor_parameters: AlsParameters | None = None
    half_life_days: int | None = None
    single: Together | None = None

    def __post_init__(self) -> None:
        for name in ("weeks_new", "weeks_bought", "depth", "learners", "least_bought"):
            need_whole(name, getattr(self, name), 1)
        need_whole("threads", self.threads, 1)
        need_number("mix", self.mix, 0)
        self._trees()

    def _trees(self) -> Trees:
        names = ("rounds", "leaves", "least_rows", "learning_rate", "shrinkage", "share", "seed")
        return Trees(**{name: getattr(self, name) for name in names})

    @property
    def together(self) -> Together:
        """What learns ALS with EASE, which candidates and features are taken from."""
        return self.single or Together(self.threads, factor_parameters=self.factor_parameters)

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Learn on the earlier weeks, and fit the sources to the whole history."""
        ranks = self.learn(interactions, items)
        by_task: dict[str, Recommend] = {}
        facts = Facts.of(interactions, items) if ranks else None
        if facts is not None and DISCOVER in ranks:
            order = NewOrder(self._sources(interactions, items, facts), ranks[DISCOVER], self.mix)
            by_task[DISCOVER] = lambda asked, k: order.best(asked, k)[0]
        else:
            by_task[DISCOVER] = self.together.fit(interactions, items, users)
        if facts is not None and REPLENISH in ranks:
            again = AgainOrder(facts, ranks[REPLENISH])
            by_task[REPLENISH] = lambda asked, k: again.best(asked, k)[0]
        else:
            by_task[REPLENISH] = Habits().fit(interactions, items, users)
        return lambda asked, k: by_task[asked.task](asked, k)

    def learn(self, history: History, items: Items) -> Mapping[str, Rank]:
        """Return for each task that enough is known of what ranks its candidates."""
        purchases = history.purchases
        if purchases is None:
            return {}
        found: dict[str, list[Examples]] = {DISCOVER: [], REPLENISH: []}
        for week in range(max(self.weeks_new, self.weeks_bought)):
            days = HORIZON_DAYS * (week + 1)
            after = bought_in(purchases, days, HORIZON_DAYS, history.counts.shape)
            earlier, shelf = self.before(history, items, purchases, days)
            if not earlier.counts.nnz or not after.nnz:
                break
            facts = Facts.of(earlier, shelf)
            if week < self.weeks_bought:
                found[REPLENISH].append(examples_of_bought(facts, after, items.is_allowed, self.depth))
            if week < self.weeks_new:
                sources = self._sources(earlier, shelf, facts)
                found[DISCOVER] += self._examples_of_new(sources, earlier, items, after)
        examples = {task: Examples.joined(parts) for task, parts in found.items()}
        return {
            task: self._trees().fit(each)
            for task, each in examples.items()
            if each.is_enough and each.is_bought.sum() >= self.least_bought
        }

    def before(self, history: History, items: Items, purchases: Purchases, days: int) -> tuple[History, Items]:
        """Return both as they stood so many days before: what a list of that day could have been made from."""
        half_life = self.half_life_days or load_config("interactions")["half_life_days"]
        return history_before(history, purchases, days, float(half_life)), items_before(items, purchases, days)

    def _sources(self, history: History, items: Items, facts: Facts) -> Sources:
        als = self.together.factors(history, items)
        return Sources(history, facts, als, self.together.learn(history, items, als), Depths())

    def _examples_of_new(
        self, sources: Sources, earlier: History, items: Items, after: csr_matrix
    ) -> Iterator[Examples]:
        new = after - after.multiply(earlier.counts > 0)
        new.eliminate_zeros()
        learners = np.flatnonzero(np.diff(new.indptr))
        learners = learners[:: -(-len(learners) // self.learners) or 1]
        for block in in_blocks(learners, len(items.is_allowed)):
            asked = Asked(block, DISCOVER, earlier.counts[block], items.is_allowed)
            found = sources.find(asked)
            names, features = sources.facts.of_new(found.users, found.items, found.scores)
            yield examples_of_new(names, features, found.users, found.items, new)
