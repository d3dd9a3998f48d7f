"""Registers Overture's pages with Airflow: an application below /overture, and a view of it in the menu.

Airflow runs this file in each of its processes, and the API server alone answers requests. What the pages need is
imported at the first one, so that a task always runs our modules as they are on disk.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


async def pages(
    scope: Scope, receive: Callable[[], Awaitable[Scope]], send: Callable[[Scope], Awaitable[None]]
) -> None:
    """Answer a request by the application, which is made at the first one."""
    from overture.orchestration.pages import application

    await application()(scope, receive, send)


class OverturePlugin(AirflowPlugin):
    """What Airflow reads."""

    name = "overture"
    fastapi_apps = [{"app": pages, "url_prefix": "/overture", "name": "Overture"}]  # noqa: RUF012 - as Airflow asks
    external_views = [  # noqa: RUF012
        {
            "name": "Overture",
            "href": "/overture/",
            "destination": "nav",
            "url_route": "overture",
            "nav_top_level": True,
        },
    ]
