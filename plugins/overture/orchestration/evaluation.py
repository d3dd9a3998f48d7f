"""The tasks of the evaluation DAG: each judges the lists of one past day by what users did since."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from overture.configuration import load_config
from overture.core.days import parse_day
from overture.errors import InputError, StrategyError, UsageError
from overture.settings import Settings

LOG = logging.getLogger("overture.evaluation")

PARAMETERS = {
    "day": Param(None, type=["null", "string"], title="Last day", description="YYYY-MM-DD; empty: the day before")
}


def judge_lists() -> list[Any]:
    """Return a task for each horizon of config/evaluation.toml; they follow one another, for each needs the memory."""
    tasks: list[Any] = []
    for horizon in load_config("evaluation")["horizon_days"]:
        tasks.append(_task(horizon))
        if len(tasks) > 1:
            tasks[-2] >> tasks[-1]
    return tasks


def _task(horizon: int) -> Any:
    def judge(logical_date: datetime | None = None, params: Mapping[str, object] | None = None) -> None:
        try:
            _judge(last_day(logical_date, (params or {}).get("day")) - timedelta(days=horizon), horizon)
        except (InputError, StrategyError) as error:
            raise AirflowFailException(str(error)) from error

    options: dict[str, Any] = {"execution_timeout": timedelta(hours=6)}
    text = f"Judge the lists of {horizon} days ago, and every strategy's beside them, by what users did since."
    return task(task_id=f"judge_after_{horizon}_days", doc_md=text, **options)(judge)()


def last_day(logical_date: datetime | None, asked: object) -> date:
    """Return the last day of what users did: the one asked for, or the day before the run."""
    if asked is not None:
        if not isinstance(asked, str):
            raise UsageError("bad run parameter", where="day", expected="text YYYY-MM-DD", got=repr(asked))
        return parse_day(asked)
    if logical_date is None:
        raise UsageError("the run has no day", expected="a schedule, or the parameter day")
    return logical_date.date() - timedelta(days=1)


def _judge(day: date, horizon: int) -> None:
    from overture.backtesting import Order, backtest, lacks_lists

    settings = Settings.from_environment()
    if lacks_lists(settings, day):
        raise AirflowSkipException(f"no run has ranked items for {day}")
    summary = backtest(settings, Order(day, day, horizons=(horizon,)), LOG.info)
    for row in summary.to_pylist():
        LOG.info("%(task)s, %(horizon_days)d days, %(strategy)s: ndcg %(ndcg).4f, recall %(recall).4f", row)
