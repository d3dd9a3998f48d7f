"""Searches better factors and a better order; how, and when they are used: `overture.tuning`, `overture.reranking`."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable

from overture.orchestration.tasks import DEFAULTS
from overture.orchestration.tuning import PARAMETERS, train_ranker, tune_factors

ABOUT = """
Once a week, factors, regularisation, alpha, iterations, half-life and event weights are searched on past days (`config/
tuning.toml`). The best configuration found is then compared with the champion, the one in force, on later days that the
search has not seen. Only where it is not worse on either task, and better than every plain strategy at what is new, are
the days after this one made with it. Either way the decision is a row of `ops.champions`, with its reason.

Then trees learn from the last weeks in which order candidates are bought (`strategies.toml`, blend). Where that order
is better than als_with_ease and habits on days that the trees have not seen, the days after this one are ranked by it;
the decision is a row of `ops.rankers`.

- **Scheduled**: Mondays at 08:00 UTC, as of Sunday. A day that no run has made, or without seven weeks of history, is
  skipped.
- **By hand**: give `day` (YYYY-MM-DD) and, for another budget, `trials` or `minutes`. Nothing after the day is read.

A search that was ended or killed goes on where it was. The report and the candidate's `als.toml` lie in
`artifacts/tuning/<day>` below the home.
"""

with DAG(
    dag_id="tune_factors",
    description="Are there better factors, or a better order? Learnt on past days, used only if they pass the gate",
    doc_md=ABOUT,
    schedule=CronTriggerTimetable("0 8 * * 1", timezone="UTC"),
    start_date=datetime(2017, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMETERS,
    tags=["overture", "tuning"],
):
    tune_factors() >> train_ranker()
