"""The step that learns what users like: read, fit, judge, write."""

import hashlib
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from overture.adapters.als import PACKAGE, AlsParameters, fit_factors, one_blas_thread
from overture.adapters.artifacts import (
    factors_folder,
    git_revision,
    load_factors,
    package_versions,
    save_factors,
    version_of,
)
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.champions import configuration_of_run
from overture.adapters.warehouse.metrics_store import HOLDOUT, metric_rows, replace_measured
from overture.adapters.warehouse.training_reads import read_facts, read_interactions
from overture.configuration import load_config
from overture.core import columns
from overture.core.behaviour import Interactions
from overture.core.confidence import weigh
from overture.core.factors import Factors
from overture.core.holdout import DISCOVER, judge_holdout
from overture.core.judgements import EVERYONE
from overture.core.ranking import ALS
from overture.errors import ArtifactError
from overture.run import Run

Flags = npt.NDArray[np.bool_]

FIT = "users solved exactly after the last iteration"
"""What a fit does beside implicit's; factors stored by another way of fitting are not kept."""
ANY = "any"
"""The task of lists that may hold anything."""


@one_blas_thread()
def train_factors(run: Run, warehouse: Warehouse) -> None:
    """Fit the day's factors and store them with their manifest; fit again without the last days, and judge that.

    Factors that are stored already for the same input, parameters and packages are kept: a fit would give them again.
    Writes OVERTURE_HOME/artifacts/factors/<day> and candidate.model_metrics. Raises ArtifactError when there is
    nothing to learn from.
    """
    chosen = configuration_of_run(warehouse, run)
    parameters, interactions = chosen.parameters, read_interactions(warehouse, run.day)
    weights = weigh(interactions, interactions.weights, parameters.least_weight)
    if not weights.matrix.nnz:
        raise ArtifactError(
            "nothing to learn from",
            where=f"interactions of {run.day}",
            expected=f"one that weighs {parameters.least_weight} or more",
            got=f"{len(interactions.weights)} lighter ones",
        )
    facts = read_facts(warehouse, run.day, load_config("ranking"))
    promotable = np.isin(interactions.item_ids, facts.item_ids[facts.is_promotable])
    identity, judged = _identity(interactions, parameters), _judged(promotable)
    folder = factors_folder(run.settings, run.day)
    manifest = _stored_manifest(folder, identity, judged)
    if manifest is None:
        start = time.perf_counter()
        factors = fit_factors(weights, parameters, run.settings.threads)
        manifest = _manifest(run, interactions, factors, identity, time.perf_counter() - start)
        manifest |= {"judged": judged, "holdout": _judge(run, interactions, parameters, promotable)}
        manifest |= {"factor_configuration": chosen.as_mapping()}
        save_factors(folder, factors, manifest)
    rows = _metric_rows(run.day, manifest["model_version"], manifest["holdout"])
    replace_measured(warehouse, run.day, HOLDOUT, rows)


def _judge(
    run: Run, interactions: Interactions, parameters: AlsParameters, promotable: Flags
) -> dict[str, tuple[float, float]]:
    """Return each metric's value and that of its baseline; none where there is nothing before the held-out days."""
    before = weigh(interactions, interactions.weights_before_holdout, parameters.least_weight)
    if not before.matrix.nnz:
        return {}
    factors = fit_factors(before, parameters, run.settings.threads)
    return dict(judge_holdout(factors, interactions, promotable, load_config("ranking")["list_length"]))


def _identity(interactions: Interactions, parameters: AlsParameters) -> dict[str, Any]:
    """Return all that factors depend on: the same identity gives the same bits."""
    return {
        "fit": FIT,
        "parameters": parameters.as_mapping(),
        "input": {"rows": len(interactions.weights), "sha256": interactions.sha256},
        "packages": package_versions(PACKAGE, "numpy", "scipy", "overture"),
    }


def _judged(promotable: Flags) -> dict[str, Any]:
    """Return what the judgement depends on beside the factors' identity."""
    return {
        "promotable_sha256": hashlib.sha256(promotable.tobytes()).hexdigest(),
        "list_length": load_config("ranking")["list_length"],
    }


def _stored_manifest(folder: Path, identity: Mapping[str, Any], judged: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of whole, unaltered factors of this identity and judgement; None when there are none."""
    try:
        _, manifest = load_factors(folder)
    except ArtifactError:
        return None
    is_same = manifest.get("model_version") == version_of(identity) and manifest.get("judged") == judged
    return manifest if is_same else None


def _manifest(
    run: Run, interactions: Interactions, factors: Factors, identity: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Return what the factors were made from and with; `model_version` is the same for whatever gives the same."""
    return {
        **identity,
        "model_version": version_of(identity),
        "data_day": run.day.isoformat(),
        "input_users": len(interactions.user_ids),
        "input_items": len(interactions.item_ids),
        "users": len(factors.user_ids),
        "items": len(factors.item_ids),
        "git_revision": git_revision(),
        "threads": run.settings.threads,
        "seconds": round(seconds, 3),
    }


def _metric_rows(day: date, model_version: str, metrics: Mapping[str, tuple[float, float]]) -> pa.Table:
    holdout_days = load_config("interactions")["holdout_days"]
    stated = {
        columns.DATA_DAY: day,
        columns.JUDGED_DAY: day - timedelta(days=holdout_days),
        columns.HORIZON_DAYS: holdout_days,
        columns.PROTOCOL: HOLDOUT,
        columns.MODEL_VERSION: model_version,
        columns.STRATEGY: ALS,
        columns.USER_GROUP: EVERYONE,
        columns.K: load_config("ranking")["list_length"],
    }
    return metric_rows(
        [
            {
                **stated,
                columns.TASK: DISCOVER.rstrip("_") if name.startswith(DISCOVER) else ANY,
                columns.METRIC: name.removeprefix(DISCOVER),
                columns.VALUE: value,
                columns.BASELINE: baseline,
            }
            for name, (value, baseline) in metrics.items()
        ]
    )
