"""From weighted interactions in the lake to factors on disk, through implicit itself."""

import shutil
import threading
import time
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
from overture.core.factors import Factors
from overture.errors import SettingsError
from overture.run import Run
from two_tastes import DAY, parameters, weights_of


def test_threads_and_the_order_of_rows_do_not_change_a_bit_of_the_factors(
    tastes_run: Run, trained: Warehouse, factors: Factors
) -> None:
    other = replace(tastes_run, settings=replace(tastes_run.settings, threads=2))
    version = load_factors(factors_folder(tastes_run.settings, DAY))[1]["model_version"]
    trained.execute(
        "create or replace table intermediate.int_interactions_weighted as"
        " select * from intermediate.int_interactions_weighted order by hash(item_id || user_id)"
    )

    shutil.rmtree(factors_folder(tastes_run.settings, DAY))

    preferences.train_factors(other, trained)

    again, manifest = load_factors(factors_folder(tastes_run.settings, DAY))
    assert again.user_factors.tobytes() == factors.user_factors.tobytes()
    assert again.item_factors.tobytes() == factors.item_factors.tobytes()
    assert again.item_ids.tolist() == factors.item_ids.tolist()
    assert (manifest["threads"], manifest["model_version"]) == (2, version)


def test_factors_of_the_same_input_are_kept_and_judged_alike_and_altered_ones_are_fitted_anew(
    tastes_run: Run, trained: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences.train_factors(tastes_run, trained)
    metrics = trained.rows("select * from candidate.model_metrics order by all")
    fits = []
    fit = preferences.fit_factors
    monkeypatch.setattr(preferences, "fit_factors", lambda *given: fits.append(given) or fit(*given))

    preferences.train_factors(tastes_run, trained)
    assert (fits, trained.rows("select * from candidate.model_metrics order by all")) == ([], metrics)

    with (factors_folder(tastes_run.settings, DAY) / "factors.npz").open("ab") as file:
        file.write(b"x")
    preferences.train_factors(tastes_run, trained)
    assert len(fits) == 2
    assert trained.rows("select * from candidate.model_metrics order by all") == metrics


def test_another_weight_or_parameter_is_another_version(trained: Warehouse) -> None:
    first = {"parameters": parameters().as_mapping(), "input": "a"}

    versions = {
        artifacts.version_of(first),
        artifacts.version_of(first | {"input": "b"}),
        artifacts.version_of(first | {"parameters": replace(parameters(), alpha=2.0).as_mapping()}),
    }

    assert len(versions) == 3


def test_the_fit_is_that_of_implicit_on_one_plus_alpha_times_the_weight(trained: Warehouse) -> None:
    weights, chosen = weights_of(trained), replace(parameters(), alpha=3.0)
    direct = AlternatingLeastSquares(
        factors=chosen.factors,
        regularization=chosen.regularization_for(weights).strength,
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

    assert np.array_equal(found.item_factors, direct.item_factors)
    # implicit leaves users as a few steps of conjugate gradients found them, before the items changed once more.
    users = np.arange(len(found.user_ids))
    exact = direct.recalculate_user(users, csr_matrix(confidence, dtype=np.float32))
    np.testing.assert_allclose(found.user_factors, exact, atol=1e-5)


def test_metrics_stand_beside_their_baseline_and_beat_it_where_there_are_tastes(trained: Warehouse) -> None:
    rows = trained.rows(
        "select task, metric, k, value, baseline from candidate.model_metrics where protocol = 'holdout'"
        " order by task, metric"
    )

    assert [row[:3] for row in rows] == [
        (task, name, 10) for task in ("any", "discover") for name in ("hit_rate", "ndcg", "recall")
    ]
    assert all(0 <= value <= 1 and 0 <= baseline <= 1 for *_, value, baseline in rows)
    # In this shop nobody buys anything twice, so only discovery can be foreseen.
    assert all(value > baseline for task, metric, _, value, baseline in rows if (task, metric) == ("discover", "ndcg"))


def test_metrics_of_the_holdout_say_of_which_days_they_are_and_leave_those_of_backtests_alone(
    tastes_run: Run, trained: Warehouse
) -> None:
    assert trained.rows(
        "select distinct judged_day, horizon_days, user_group from candidate.model_metrics where protocol = 'holdout'"
    ) == [(date(2017, 11, 21), 7, "everyone")]
    trained.execute(
        "insert into candidate.model_metrics by name select $day as data_day, 'backtest' as protocol", {"day": DAY}
    )
    preferences.train_factors(tastes_run, trained)
    kept = trained.rows(
        "select count(*) filter (protocol = 'backtest'), count(*) filter (protocol = 'holdout'),"
        " count(*) filter (protocol = 'lists') > 0 from candidate.model_metrics"
    )
    trained.execute("delete from candidate.model_metrics where protocol = 'backtest'")
    assert kept == [(1, 6, True)]


def test_the_manifest_says_what_the_factors_were_made_from(tastes_run: Run, trained: Warehouse) -> None:
    manifest = artifacts.load_manifest(factors_folder(tastes_run.settings, DAY))
    interactions = read_interactions(trained, DAY)

    assert manifest["data_day"] == "2017-11-28"
    assert manifest["parameters"] == {name: load_config("als")[name] for name in manifest["parameters"]}
    assert manifest["input"] == {"rows": len(interactions.weights), "sha256": interactions.sha256}
    assert manifest["packages"]["implicit"] == "0.7.3"
    assert manifest["seconds"] > 0
    assert {"git_revision", "model_version", "threads"} <= manifest.keys()


def test_a_fit_does_not_wait_for_the_write_lock(tastes_run: Run, trained: Warehouse) -> None:
    folder = factors_folder(tastes_run.settings, DAY)
    shutil.rmtree(folder)

    def train() -> None:
        with open_warehouse(tastes_run.settings) as own:
            preferences.train_factors(tastes_run, own)

    training = threading.Thread(target=train)
    with write_lock(trained.catalog.lake, "long work of somebody else"):
        training.start()
        while not folder.exists():
            assert training.is_alive()
            time.sleep(0.02)
        assert training.is_alive()
    training.join()
    assert trained.rows("select count(*) > 0 from candidate.model_metrics where data_day = ?", [DAY]) == [(True,)]


@pytest.mark.parametrize(("name", "value"), [("factors", 0), ("alpha", -1.0), ("seed", None), ("iterations", "ten")])
def test_a_parameter_that_is_missing_or_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        AlsParameters.from_config({**load_config("als"), name: value})
