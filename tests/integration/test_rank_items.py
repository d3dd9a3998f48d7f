"""From factors on disk to lists in the lake, each place with what carries its score."""

from collections.abc import Iterator

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares

from overture import preferences, recommending
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.history_reads import read_stage
from overture.adapters.warehouse.rule_reads import read_audiences
from overture.configuration import load_config
from overture.core.confidence import confidence_of
from overture.core.factors import Factors
from overture.core.item_models import Ease
from overture.errors import ArtifactError
from overture.run import Run
from two_tastes import DAY, USERS, parameters, weights_of


def test_every_eligible_user_has_ten_new_items_without_gaps(trained: Warehouse) -> None:
    lists = trained.rows(
        "select user_id, list(rank order by rank), count(distinct item_id)"
        " from candidate.recommendations where task = 'discover' group by all order by 1"
    )

    assert [user for user, _, _ in lists] == [f"u{u:02}" for u in range(USERS + 1) if u != 7]
    assert all(ranks == list(range(1, 11)) and items == 10 for _, ranks, items in lists)


def test_only_available_items_are_recommended_new_ones_to_discover_and_bought_ones_again(trained: Warehouse) -> None:
    forbidden = trained.rows(
        """
        select user_id, item_id
        from candidate.recommendations as recommended
        left join candidate.item_facts as facts using (item_id)
        left join intermediate.int_interactions_weighted as history using (user_id, item_id)
        where not facts.is_available or (task = 'replenish') <> (history.item_id is not null)
        """
    )

    assert forbidden == []
    assert trained.rows("select count(distinct user_id) from candidate.recommendations where task = 'replenish'") == [
        (59,)
    ]


def test_a_user_without_a_history_gets_what_is_popular_and_it_says_so(trained: Warehouse) -> None:
    # The later an item, the better it sells; every ninth is sold out.
    rows = trained.rows(
        "select item_id, strategy, reason_item_id, score, task from candidate.recommendations"
        f" where user_id = 'u{USERS}' order by rank"
    )

    assert [item for item, *_ in rows] == [f"i{i}" for i in (89, 88, 87, 86, 85, 84, 83, 82, 80, 79)]
    assert {(strategy, reason, task) for _, strategy, reason, _, task in rows} == {("popular", None, "discover")}
    assert rows[0][3] == 90.0


def test_the_share_of_places_that_each_strategy_fills_is_a_metric(trained: Warehouse) -> None:
    shares = trained.rows(
        "select task, strategy, value, users, k from candidate.model_metrics"
        " where protocol = 'lists' and metric = 'share' order by task, strategy"
    )
    counted = trained.rows(
        "select task, strategy, count(*) / sum(count(*)) over (partition by task), count(distinct user_id), 10"
        " from candidate.recommendations group by task, strategy order by task, strategy"
    )
    assert shares == [(task, strategy, pytest.approx(share), *rest) for task, strategy, share, *rest in counted]
    assert sum(share for task, _, share, *_ in shares if task == "discover") == pytest.approx(1)


def test_users_are_recommended_what_those_of_their_taste_buy(trained: Warehouse) -> None:
    ((share,),) = trained.rows(
        "select avg((user_id[2:]::integer % 2 = item_id[2:]::integer % 2)::integer)"
        " from candidate.recommendations where strategy = 'als_with_ease' and rank <= 3"
    )

    assert share > 0.9


def test_the_shares_of_a_score_are_implicits_explanation_and_the_weights_of_ease(
    tastes_run: Run, trained: Warehouse, factors: Factors
) -> None:
    weights, stage = weights_of(trained), read_stage(trained, DAY, load_config("ranking"), ["purchase"])[0]
    model = AlternatingLeastSquares(
        factors=parameters().factors,
        regularization=parameters().regularization_for(weights).strength,
        num_threads=1,
    )
    model.user_factors, model.item_factors = factors.user_factors, factors.item_factors
    confidence = confidence_of(weights.matrix, parameters().alpha)
    config = load_config("strategies")["als_with_ease"]
    ease = Ease(config["regularization"], config["items"]).learn(stage.history, stage.items)
    assert ease is not None
    lift = ((stage.items.buyers_28d + 1) / (stage.items.buyers_28d.max() + 1)) ** config["popularity"]
    prior = config["prior"] * stage.items.buyers_28d / len(stage.history.user_ids)
    rows = trained.rows(
        """
        select user_id, item_id, score, reasons.reason_item_id, share
        from candidate.recommendations as listed
        join candidate.recommendation_reasons as reasons using (data_day, user_id, task, rank)
        where strategy = 'als_with_ease' and listed.rank <= 2
        """
    )

    assert len(rows) > 2 * USERS
    for user, item, score, reason, share in rows:
        at, target, source = (
            int(np.searchsorted(ids, id_))
            for ids, id_ in ((factors.user_ids, user), (factors.item_ids, item), (factors.item_ids, reason))
        )
        total, addends, _ = model.explain(at, confidence, target, N=99)
        places = np.searchsorted(stage.history.item_ids, [item, reason])
        by_ease = ease.weights[np.searchsorted(ease.learnt, places[1]), np.searchsorted(ease.learnt, places[0])]
        assert share * score == pytest.approx((dict(addends)[source] + by_ease) * lift[places[0]], abs=1e-4)
        user_place = np.searchsorted(stage.history.user_ids, [user])
        whole = total + ease.scores(user_place)[0, np.searchsorted(ease.allowed, places[0])]
        assert score == pytest.approx(whole * lift[places[0]] + prior[places[0]], abs=1e-3)


def test_the_reason_to_name_is_another_item_among_those_that_carry_the_score(trained: Warehouse) -> None:
    rows = trained.rows(
        """
        select count(*), count(listed.reason_item_id), count(*) filter (listed.reason_item_id = item_id),
            count(*) filter (reasons.reason_item_id is not null and reasons.reason_item_id <> listed.reason_item_id)
        from candidate.recommendations as listed
        left join candidate.recommendation_reasons as reasons
            on listed.user_id = reasons.user_id and listed.task = reasons.task and listed.rank = reasons.rank
            and reasons.place = 1
        where listed.strategy = 'als_with_ease'
        """
    )

    assert rows[0][0] > 9 * (USERS - 1)
    assert rows[0][1:] == (rows[0][0], 0, 0)


def test_what_is_due_again_carries_itself(trained: Warehouse) -> None:
    rows = trained.rows(
        """
        select distinct listed.item_id = reasons.reason_item_id, share, place, listed.reason_item_id
        from candidate.recommendations as listed
        left join candidate.recommendation_reasons as reasons using (user_id, task, rank)
        where task = 'replenish'
        """
    )

    assert rows == [(True, 1.0, 1, None)]


@pytest.fixture
def told(tastes_run: Run, trained: Warehouse) -> Iterator[dict[str, str]]:
    """The first users' best items, and what was told of each since."""
    rows = trained.rows(
        "select user_id, item_id from candidate.recommendations"
        " where task = 'discover' and rank = 1 and user_id < 'u07' order by 1"
    )
    best = {str(user): str(item) for user, item in rows}
    kinds = {
        "u00": ["excluded"], "u01": ["excluded", "included"], "u02": ["delivered"] * 3, "u03": ["delivered"] * 2,
        "u04": ["reported"],
    }  # fmt: skip
    feedback = [(user, kind, number) for user, many in kinds.items() for number, kind in enumerate(many)]
    for user, kind, number in feedback:
        trained.execute(
            "insert into staging.stg_shop__feedback (data_day, source_row, user_id, item_id, kind, occurred_at)"
            " values ($day, $number, $user, $item, $kind, cast($day as timestamp) + to_hours($number))",
            {"day": DAY, "number": number, "user": user, "item": best[user], "kind": kind},
        )
    trained.execute(
        "insert into staging.stg_shop__feedback (data_day, source_row, user_id, item_id, kind, occurred_at)"
        " values ($day + 1, 1, 'u05', $item, 'excluded', cast($day as timestamp) + interval 30 hour)",
        {"day": DAY, "item": best["u05"]},
    )
    recommending.rank_items(tastes_run, trained)
    yield best
    trained.execute("delete from staging.stg_shop__feedback")
    recommending.rank_items(tastes_run, trained)


def test_what_a_user_excludes_or_was_shown_too_often_is_kept_out_and_counted(
    trained: Warehouse, told: dict[str, str]
) -> None:
    listed = trained.rows("select user_id, item_id from candidate.recommendations where task = 'discover'")
    kept = {user for user, item in told.items() if (user, item) in listed}
    assert kept == {"u01", "u03", "u05", "u06"}
    rows = dict(trained.rows("select reason, candidates from candidate.drops where task = 'discover'"))
    assert (rows["excluded_by_user"], rows["shown_too_often"]) == (2, 1)


def test_an_offer_reaches_those_that_it_was_delivered_to_or_everyone(trained: Warehouse) -> None:
    trained.execute(
        """
        insert into candidate.item_offers by name
        select $day as data_day, offer_id, item_id, audience, $day as starts_on, $day as ends_on
        from (values
            ('few', 'i01', 'targeted'), ('few', 'i02', 'targeted'), ('few', 'unknown', 'targeted'),
            ('nobodys', 'i03', 'targeted'), ('all', 'i04', 'everyone')
        ) as offers(offer_id, item_id, audience)
        """,
        {"day": DAY},
    )
    trained.execute(
        "insert into intermediate.int_offers_delivered by name"
        " select $day as data_day, 'few' as offer_id, unnest(['u02', 'stranger']) as user_id"
        " union all select $day, 'all', 'u02'",
        {"day": DAY},
    )
    ids = np.array(["u01", "u02"]), np.array(["i01", "i02", "i03", "i04"])
    reached = read_audiences(trained, DAY, ids).reach(np.array([1, 0]), np.array([[0, 1, 2, 3, -1], [0, 1, 2, 3, 0]]))
    trained.execute("delete from candidate.item_offers")
    trained.execute("delete from intermediate.int_offers_delivered")
    assert reached.tolist() == [[True, True, False, True, False], [False, False, False, True, False]]


def test_what_is_sold_out_and_who_is_not_written_to_is_counted(trained: Warehouse) -> None:
    # Ten of the ninety items are sold out; one user is not eligible, and nobody is asked for consent here.
    (again,) = trained.rows(
        """
        select count(*) from intermediate.int_interactions_weighted as history
        join candidate.item_facts as facts using (item_id)
        where not is_available and user_id <> 'u07'
        """
    )
    rows = trained.rows("select task, reason, candidates from candidate.drops order by all")
    assert rows == [
        ("discover", "no_consent", 80), ("discover", "unavailable", 600 - again[0]),
        ("replenish", "unavailable", again[0]),
    ]  # fmt: skip


def test_ranking_again_gives_the_same_rows(tastes_run: Run, trained: Warehouse) -> None:
    tables = ("recommendations", "recommendation_reasons", "drops")
    before = [trained.rows(f"select * from candidate.{table} order by all") for table in tables]

    recommending.rank_items(tastes_run, trained)

    assert [trained.rows(f"select * from candidate.{table} order by all") for table in tables] == before


@pytest.fixture
def forgetful(tastes_run: Run, trained: Warehouse) -> Iterator[None]:
    """All but four items of one user are forgotten, and the factors are trained on that."""
    tables = ("int_events_cleaned", "int_interactions_weighted")
    for table in tables:
        trained.execute(f"create table intermediate.kept_{table} as select * from intermediate.{table}")
        trained.execute(
            f"delete from intermediate.{table} where user_id = 'u00' and item_id not in ('i02', 'i04', 'i06', 'i08')"
        )
    preferences.train_factors(tastes_run, trained)
    yield
    for table in tables:
        trained.execute(f"create or replace table intermediate.{table} as select * from intermediate.kept_{table}")
        trained.execute(f"drop table intermediate.kept_{table}")
    preferences.train_factors(tastes_run, trained)
    recommending.rank_items(tastes_run, trained)


@pytest.mark.usefixtures("forgetful")
def test_a_user_with_few_items_is_folded_in_by_all_that_they_did_and_says_so(
    tastes_run: Run, trained: Warehouse
) -> None:
    recommending.rank_items(tastes_run, trained)
    rows = trained.rows(
        "select strategy, count(*), avg((item_id[2:]::integer % 2 = 0)::integer) from candidate.recommendations"
        " where user_id = 'u00' and task = 'discover' group by all"
    )
    found = {strategy: (places, of_the_taste) for strategy, places, of_the_taste in rows}

    assert set(found) <= {"fold_in", "popular_by_default"}
    assert sum(places for places, _ in found.values()) == 10
    places, of_the_taste = found["fold_in"]
    assert places >= 5
    assert of_the_taste > 0.5


def test_ranking_refuses_factors_of_other_interactions(tastes_run: Run, trained: Warehouse) -> None:
    trained.execute("begin")
    trained.execute("update intermediate.int_interactions_weighted set weight = weight * 2 where user_id = 'u01'")
    with pytest.raises(ArtifactError, match="trained on other interactions"):
        recommending.rank_items(tastes_run, trained)
    trained.execute("rollback")
