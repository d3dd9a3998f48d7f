"""From weighted interactions in the lake to factors on disk and lists in the lake, through implicit itself."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from overture import preferences
from overture.adapters import artifacts
from overture.adapters.als import AlsParameters, fit_factors
from overture.adapters.artifacts import factors_folder, load_factors
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.locks import write_lock
from overture.adapters.warehouse.training_reads import read_interactions
from overture.configuration import load_config
from overture.core.confidence import Weights, confidence_of, weigh
from overture.core.factors import Factors
from overture.errors import ArtifactError, SettingsError
from overture.run import Run
from overture.settings import Settings
from two_tastes import DAY, USERS, fill_facts, fill_history


@pytest.fixture(scope="module")
def run(module_settings: Settings) -> Run:
    return Run(replace(module_settings, threads=1), DAY, None, "test", 1)


@pytest.fixture(scope="module")
def lake(run: Run) -> Iterator[Warehouse]:
    with open_warehouse(run.settings) as opened:
        fill_history(opened)
        fill_facts(opened)
        preferences.train_factors(run, opened)
        preferences.rank_items(run, opened)
        yield opened


@pytest.fixture
def factors(run: Run, lake: Warehouse) -> Factors:
    return load_factors(factors_folder(run.settings, DAY))[0]


def weights_of(lake: Warehouse) -> Weights:
    interactions = read_interactions(lake, DAY)
    return weigh(interactions, interactions.weights, load_config("als")["least_weight"])


def parameters() -> AlsParameters:
    return AlsParameters.from_config(load_config("als"))


def test_threads_and_the_order_of_rows_do_not_change_a_bit_of_the_factors(
    run: Run, lake: Warehouse, factors: Factors
) -> None:
    other = replace(run, settings=replace(run.settings, threads=2))
    version = load_factors(factors_folder(run.settings, DAY))[1]["model_version"]
    lake.execute(
        "create or replace table intermediate.int_interactions_weighted as"
        " select * from intermediate.int_interactions_weighted order by hash(item_id || user_id)"
    )

    shutil.rmtree(factors_folder(run.settings, DAY))

    preferences.train_factors(other, lake)

    again, manifest = load_factors(factors_folder(run.settings, DAY))
    assert again.user_factors.tobytes() == factors.user_factors.tobytes()
    assert again.item_factors.tobytes() == factors.item_factors.tobytes()
    assert again.item_ids.tolist() == factors.item_ids.tolist()
    assert (manifest["threads"], manifest["model_version"]) == (2, version)


def test_factors_of_the_same_input_are_kept_and_judged_alike_and_altered_ones_are_fitted_anew(
    run: Run, lake: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences.train_factors(run, lake)
    metrics = lake.rows("select * from candidate.model_metrics order by all")
    fits = []
    fit = preferences.fit_factors
    monkeypatch.setattr(preferences, "fit_factors", lambda *given: fits.append(given) or fit(*given))

    preferences.train_factors(run, lake)
    assert (fits, lake.rows("select * from candidate.model_metrics order by all")) == ([], metrics)

    with (factors_folder(run.settings, DAY) / "factors.npz").open("ab") as file:
        file.write(b"x")
    preferences.train_factors(run, lake)
    assert len(fits) == 2
    assert lake.rows("select * from candidate.model_metrics order by all") == metrics


def test_another_weight_or_parameter_is_another_version(lake: Warehouse) -> None:
    first = {"parameters": parameters().as_mapping(), "input": "a"}

    versions = {
        artifacts.version_of(first),
        artifacts.version_of(first | {"input": "b"}),
        artifacts.version_of(first | {"parameters": replace(parameters(), alpha=2.0).as_mapping()}),
    }

    assert len(versions) == 3


def test_the_fit_is_that_of_implicit_on_one_plus_alpha_times_the_weight(lake: Warehouse) -> None:
    weights, chosen = weights_of(lake), replace(parameters(), alpha=3.0)
    direct = AlternatingLeastSquares(
        factors=chosen.factors,
        regularization=chosen.regularization_for(weights),
        iterations=chosen.iterations,
        alpha=1.0,
        num_threads=1,
        random_state=chosen.seed,
    )
    confidence = weights.matrix.copy()
    confidence.data = 1 + 3.0 * confidence.data
    with threadpool_limits(1, "blas"):
        direct.fit(csr_matrix(confidence, dtype=np.float32), show_progress=False)

    found = fit_factors(weights, chosen, threads=1)

    assert np.array_equal(found.user_factors, direct.user_factors)
    assert np.array_equal(found.item_factors, direct.item_factors)


def test_every_eligible_user_has_ten_places_without_gaps(lake: Warehouse) -> None:
    lists = lake.rows(
        "select user_id, list(rank order by rank), count(distinct item_id)"
        " from candidate.recommendations group by all order by 1"
    )

    assert [user for user, _, _ in lists] == [f"u{u:02}" for u in range(USERS + 1) if u != 7]
    assert all(ranks == list(range(1, 11)) and items == 10 for _, ranks, items in lists)


def test_only_available_items_that_were_not_bought_lately_are_recommended(lake: Warehouse) -> None:
    forbidden = lake.rows(
        """
        select user_id, item_id
        from candidate.recommendations as recommended
        left join candidate.item_facts as facts using (item_id)
        left join intermediate.int_interactions_weighted as history using (user_id, item_id)
        where not facts.is_available or history.last_bought_at >= $day - 27
        """,
        {"day": DAY},
    )

    assert forbidden == []


def test_a_user_without_a_history_gets_the_favourite_department_and_says_so(lake: Warehouse) -> None:
    # Department D3 holds the items 3, 8, 13, ... of which the later ones sell better; 63 and 18 are sold out.
    rows = lake.rows(
        "select item_id, strategy, reason_item_id, score from candidate.recommendations"
        f" where user_id = 'u{USERS}' order by rank"
    )

    assert [item for item, _, _, _ in rows] == [f"i{i}" for i in (88, 83, 78, 73, 68, 58, 53, 48, 43, 38)]
    assert {(strategy, reason) for _, strategy, reason, _ in rows} == {("popular_in_department", None)}
    assert rows[0][3] == 89.0


def test_users_are_recommended_what_those_of_their_taste_buy(lake: Warehouse) -> None:
    ((share,),) = lake.rows(
        "select avg((user_id[2:]::integer % 2 = item_id[2:]::integer % 2)::integer)"
        " from candidate.recommendations where strategy = 'als' and rank <= 3"
    )

    assert share > 0.9


def test_reasons_are_those_of_implicit_the_item_itself_left_out(lake: Warehouse, factors: Factors) -> None:
    weights = weights_of(lake)
    regularization = parameters().regularization_for(weights)
    model = AlternatingLeastSquares(factors=parameters().factors, regularization=regularization, num_threads=1)
    model.user_factors, model.item_factors = factors.user_factors, factors.item_factors
    confidence = confidence_of(weights.matrix, parameters().alpha)
    position = {str(item): at for at, item in enumerate(factors.item_ids)}
    rows = lake.rows(
        "select user_id, item_id, reason_item_id from candidate.recommendations where strategy = 'als' and rank <= 2"
    )

    assert len(rows) > USERS
    for user, item, reason in rows:
        at = int(np.searchsorted(factors.user_ids, user))
        _, strongest, _ = model.explain(at, confidence, position[item], N=2)
        expected = next(str(factors.item_ids[other]) for other, _ in strongest if other != position[item])
        assert reason == expected


def test_ranking_again_gives_the_same_rows(run: Run, lake: Warehouse) -> None:
    query = "select * from candidate.recommendations order by user_id, rank"
    before = lake.rows(query)

    preferences.rank_items(run, lake)

    assert lake.rows(query) == before


def test_metrics_stand_beside_their_baseline_and_beat_it_where_there_are_tastes(lake: Warehouse) -> None:
    rows = lake.rows("select task, metric, k, value, baseline from candidate.model_metrics order by task, metric")

    assert [row[:3] for row in rows] == [
        (task, name, 10) for task in ("any", "discover") for name in ("hit_rate", "ndcg", "recall")
    ]
    assert all(0 <= value <= 1 and 0 <= baseline <= 1 for *_, value, baseline in rows)
    # In this shop nobody buys anything twice, so only discovery can be foreseen.
    assert all(value > baseline for task, metric, _, value, baseline in rows if (task, metric) == ("discover", "ndcg"))


def test_metrics_of_the_holdout_say_of_which_days_they_are_and_leave_those_of_backtests_alone(
    run: Run, lake: Warehouse
) -> None:
    assert lake.rows("select distinct judged_day, horizon_days, protocol, user_group from candidate.model_metrics") == [
        (date(2017, 11, 21), 7, "holdout", "everyone")
    ]
    lake.execute(
        "insert into candidate.model_metrics by name select $day as data_day, 'backtest' as protocol", {"day": DAY}
    )
    preferences.train_factors(run, lake)
    kept = lake.rows("select count(*) filter (protocol = 'backtest'), count(*) from candidate.model_metrics")
    lake.execute("delete from candidate.model_metrics where protocol = 'backtest'")
    assert kept == [(1, 7)]


def test_the_manifest_says_what_the_factors_were_made_from(run: Run, lake: Warehouse) -> None:
    manifest = artifacts.load_manifest(factors_folder(run.settings, DAY))
    interactions = read_interactions(lake, DAY)

    assert manifest["data_day"] == "2017-11-28"
    assert manifest["parameters"] == {name: load_config("als")[name] for name in manifest["parameters"]}
    assert manifest["input"] == {"rows": len(interactions.weights), "sha256": interactions.sha256}
    assert manifest["packages"]["implicit"] == "0.7.3"
    assert manifest["seconds"] > 0
    assert {"git_revision", "model_version", "threads"} <= manifest.keys()


def test_a_fit_does_not_wait_for_the_write_lock(run: Run, lake: Warehouse) -> None:
    folder = factors_folder(run.settings, DAY)
    shutil.rmtree(folder)

    def train() -> None:
        with open_warehouse(run.settings) as own:
            preferences.train_factors(run, own)

    training = threading.Thread(target=train)
    with write_lock(lake.catalog.lake, "long work of somebody else"):
        training.start()
        while not folder.exists():
            assert training.is_alive()
            time.sleep(0.02)
        assert training.is_alive()
    training.join()
    assert lake.rows("select count(*) > 0 from candidate.model_metrics where data_day = ?", [DAY]) == [(True,)]


def test_ranking_refuses_factors_of_other_interactions(run: Run, lake: Warehouse) -> None:
    lake.execute("begin")
    lake.execute("update intermediate.int_interactions_weighted set weight = weight * 2 where user_id = 'u01'")
    with pytest.raises(ArtifactError, match="trained on other interactions"):
        preferences.rank_items(run, lake)
    lake.execute("rollback")


@pytest.mark.parametrize(("name", "value"), [("factors", 0), ("alpha", -1.0), ("seed", None), ("iterations", "ten")])
def test_a_parameter_that_is_missing_or_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        AlsParameters.from_config({**load_config("als"), name: value})
