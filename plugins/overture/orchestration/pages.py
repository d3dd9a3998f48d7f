"""Lets Airflow's own log-in and permissions decide who sees Overture's pages, and who may recall a message."""

from functools import cache

from airflow.api_fastapi.core_api.security import get_user, requires_access_dag

from overture.orchestration.server import DAG_ID
from overture.settings import Settings
from overture.web.app import Application, make_app
from overture.web.door import Door

DOOR = Door(
    user=get_user,
    # Who sees the pipeline sees what it made; who may change the pipeline may take back what it sent.
    may_read=requires_access_dag("GET", param_dag_id=DAG_ID),
    may_recall=requires_access_dag("PUT", param_dag_id=DAG_ID),
)


@cache
def application() -> Application:
    """Return the application for the home of this process's environment; the same one at each call."""
    return make_app(Settings.from_environment(), DOOR)
