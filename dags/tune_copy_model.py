"""Tunes the copy model on the shop's own items; how, and when it is used: `overture.copy_tuning`."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable

from overture.orchestration.tasks import DEFAULTS
from overture.orchestration.tuning import COPY_PARAMETERS, tune_copy_model

ABOUT = """
Once a week small adapters are trained on the copy model: on replies that suit the day's items (`config/
copy_phrases.toml`) and on drafts that were shown, none of which our checks refuse. The tuned model and the one in force
then write about items that neither was tuned with. Only where more drafts pass every check, and what they say is not
less faithful or fitting, are the days after this one written by it. Either way the decision is a row of
`ops.copy_models`, with its reason, and a model card lies in `artifacts/copy_tuning/<day>` below the home.

- **Scheduled**: Mondays at 16:00 UTC, as of Sunday. A day that no run has made is skipped.
- **By hand**: give `day` (YYYY-MM-DD) and, for another limit, `minutes`. Nothing after the day is read.

The weights stay below the home, in `models`. A training that was ended begins again; drafts that were judged stay.
"""

with DAG(
    dag_id="tune_copy_model",
    description="Does a model tuned on the shop's items write better copy? Used only if it passes the gate",
    doc_md=ABOUT,
    schedule=CronTriggerTimetable("0 16 * * 1", timezone="UTC"),
    start_date=datetime(2017, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=COPY_PARAMETERS,
    tags=["overture", "tuning"],
):
    tune_copy_model()
