"""Judges past recommendations by what users did since; how is in `overture.evaluating`."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable

from overture.orchestration.evaluation import PARAMETERS, judge_lists
from overture.orchestration.tasks import DEFAULTS

ABOUT = """
Once a week, the lists of 7 and of 28 days ago are judged by what their readers bought since, beside what every strategy
of `config/strategies.toml` would have recommended from the same history. Discoveries and repeats are judged apart. The
results are rows of `marts.model_metrics` with the protocol `backtest`; a day judged again gives the same rows.

- **Scheduled**: Mondays at 06:00 UTC, when Sunday has been made; what users did up to Sunday counts.
- **By hand**: give `day` (YYYY-MM-DD), the last day that counts. For a range of days: `overture evaluate`.
"""

with DAG(
    dag_id="evaluate_recommendations",
    description="Were the recommendations good? What users did since, beside simpler strategies",
    doc_md=ABOUT,
    schedule=CronTriggerTimetable("0 6 * * 1", timezone="UTC"),
    start_date=datetime(2017, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=PARAMETERS,
    tags=["overture", "evaluation"],
):
    judge_lists()
