"""The tasks of the maintenance DAG: each does one job, in one turn of the lake's write lock."""

import ast
import logging
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from overture.errors import InputError
from overture.orchestration.pools import WAREHOUSE_WRITER
from overture.settings import PACKAGE, Settings

LOG = logging.getLogger("overture.maintenance")


def job(name: str) -> Any:
    """Return a task that does the maintenance job of that name and logs what it took away."""

    def do() -> None:
        from overture.maintaining import do_job

        try:
            done = do_job(name, Settings.from_environment(), datetime.now(UTC))
        except InputError as error:
            raise AirflowFailException(str(error)) from error
        LOG.info("%s: %d, %d bytes", name, done.count, done.size)

    options: dict[str, Any] = {"pool": WAREHOUSE_WRITER, "execution_timeout": timedelta(hours=2)}
    return task(task_id=name, doc_md=_texts()[name], **options)(do)()


@cache
def _texts() -> dict[str, str]:
    """Return what each job does, by its name, without importing what the jobs need: DAG files are read often."""
    tree = ast.parse((PACKAGE / "maintaining.py").read_text(encoding="utf-8"))
    return {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)}
