"""Keeps the warehouse small, one job after the other; what each job does is in `overture.maintaining`."""

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable

from overture.orchestration.maintenance import job
from overture.orchestration.tasks import DEFAULTS

ABOUT = """
Merges small files, forgets old snapshots, deletes files that nothing reads any more and those that killed writers left,
and clears old drafts, requests and scratch files away. Each task holds the lake's write lock for its one turn; readers
notice nothing. No row of a published table changes, and nothing goes that is younger than a day.

The ages stand in `plugins/overture/config/maintenance.toml`; `overture maintain --dry-run` says what would go. Each
task's log says how much went. A job that failed or was killed is simply done again.
"""

with DAG(
    dag_id="maintain_warehouse",
    description="Merge, expire, delete: the lake without what nobody can read any more",
    doc_md=ABOUT,
    schedule=CronTriggerTimetable("0 18 * * *", timezone="UTC"),
    start_date=datetime(2017, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["overture", "maintenance"],
):
    first = job("merge_small_files") >> job("expire_snapshots") >> job("delete_old_files")
    first >> job("delete_orphans") >> job("vacuum_drafts") >> job("remove_exchanges") >> job("remove_leftovers")
