"""The tasks of the tuning DAGs: better factors, order and copy model, and whether later days are made with them."""

import logging
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from overture.errors import InputError, SupersededError, UsageError
from overture.orchestration.evaluation import last_day
from overture.settings import Settings

LOG = logging.getLogger("overture.tuning")

PARAMETERS = {
    "day": Param(
        None, type=["null", "string"], title="As of", description="YYYY-MM-DD; empty: the day before, if it is ready"
    ),
    "trials": Param(None, type=["null", "integer"], minimum=1, title="Trials", description="Empty: as configured"),
    "minutes": Param(None, type=["null", "integer"], minimum=1, title="Minutes", description="Empty: as configured"),
}


COPY_PARAMETERS = {name: PARAMETERS[name] for name in ("day", "minutes")}


def tune_factors() -> Any:
    """Return the task; tried again, it goes on with the trials that are done."""

    def tune(logical_date: datetime | None = None, params: Mapping[str, object] | None = None) -> None:
        asked = params or {}
        try:
            _tune(last_day(logical_date, asked.get("day")), asked)
        except (InputError, SupersededError) as error:
            raise AirflowFailException(str(error)) from error

    options: dict[str, Any] = {"execution_timeout": timedelta(hours=6)}
    text = "Search better parameters of the factors on past days, and let the gate decide on days that it has not seen."
    return task(task_id="tune_factors", doc_md=text, **options)(tune)()


def train_ranker() -> Any:
    """Return the task that follows the search: what it learns is of the factors that the days after are made with."""

    def train(logical_date: datetime | None = None, params: Mapping[str, object] | None = None) -> None:
        from overture.reranking import train_ranker

        try:
            day = last_day(logical_date, (params or {}).get("day"))
            LOG.info("%s", train_ranker(Settings.from_environment(), day).reason)
        except (InputError, SupersededError) as error:
            raise AirflowFailException(str(error)) from error

    options: dict[str, Any] = {"execution_timeout": timedelta(hours=6)}
    text = "Learn in which order candidates are bought, and let later days be ranked so where that is better."
    return task(task_id="train_ranker", doc_md=text, **options)(train)()


def tune_copy_model() -> Any:
    """Return the task; tried again, it does not train again what is trained."""

    def tune(logical_date: datetime | None = None, params: Mapping[str, object] | None = None) -> None:
        asked = params or {}
        try:
            _tune_copy_model(last_day(logical_date, asked.get("day")), asked)
        except (InputError, SupersededError) as error:
            raise AirflowFailException(str(error)) from error

    options: dict[str, Any] = {"execution_timeout": timedelta(hours=6)}
    text = "Tune the copy model on a day's items, and let it write later days where its drafts are better."
    return task(task_id="tune_copy_model", doc_md=text, **options)(tune)()


def _whole(name: str, value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise UsageError("bad run parameter", where=name, expected="a whole number", got=repr(value))
    return value


def _tune(day: date, asked: Mapping[str, object]) -> None:
    from overture.tuning import Order, not_ready, tune

    settings = Settings.from_environment()
    if asked.get("day") is None and (reason := not_ready(settings, day)):
        raise AirflowSkipException(reason)
    order = Order(day, _whole("trials", asked.get("trials")), _whole("minutes", asked.get("minutes")))
    tuned = tune(settings, order, LOG.info, time.monotonic)
    LOG.info("candidate and report: %s", tuned.folder)


def _tune_copy_model(day: date, asked: Mapping[str, object]) -> None:
    from overture.copy_tuning import Order, not_ready, tune

    settings = Settings.from_environment()
    if asked.get("day") is None and (reason := not_ready(settings, day)):
        raise AirflowSkipException(reason)
    tuned = tune(settings, Order(day, _whole("minutes", asked.get("minutes"))), LOG.info)
    LOG.info("model card: %s", tuned.folder)
