"""The pipeline's order, schedule and resources; what each step does is in `overture.steps`."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronPartitionTimetable, TaskGroup

from overture.orchestration.approval import await_approval
from overture.orchestration.tasks import DEFAULTS, PARAMETERS, await_landing, step

ABOUT = """
One run makes one **data day**: it lands the day's files, transforms them, trains preference factors, ranks items,
writes copy, and publishes the day's tables at once. A `check_` task stands behind every stage; when one refuses,
nothing of the day is published. Running a day again gives the same rows.

- **Scheduled**: at midnight UTC for the day that just ended; the run waits until 03:00 for the files.
- **Backfill**: the first and the last date are both made, some at a time. Other DAGs may wait for the assets.
- **By hand**: give `day` (YYYY-MM-DD) and, if wanted, `users`, the number of users who get a message.
- **Approval**: with `approve`, or `[approval]` in `copy.toml`, a person sees some messages before they are published.
"""

with DAG(
    dag_id="daily_recommendations",
    description="One personal, true message per customer and day",
    doc_md=ABOUT,
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2017, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args=DEFAULTS,
    params=PARAMETERS,
    tags=["overture", "recommendations"],
):

    def stage(name: str, *steps: str) -> TaskGroup:
        """Return a group of steps that follow one another."""
        with TaskGroup(name, prefix_group_id=False) as group:
            previous = None
            for each in map(step, steps):
                if previous is not None:
                    previous >> each
                previous = each
        return group

    begin = await_landing() >> step("open_run")
    model = step("prepare_model")
    land = stage("land", "land_day", "check_landed")
    transform = stage("transform", "build_staging", "build_intermediate", "check_interactions")
    marts = stage("marts", "build_marts", "check_marts")
    train = stage("train", "train_factors", "check_factors")
    rank = stage("rank", "rank_items", "check_recommendations")
    write = stage("copy", "prepare_copy", "write_copy", "render_messages", "measure_messages", "check_messages")

    begin >> [model, land]
    (
        land
        >> transform
        >> marts
        >> train
        >> rank
        >> write
        >> await_approval()
        >> step("publish_day")
        >> step("write_report")
    )
    model >> write
