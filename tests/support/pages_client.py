"""The application with a log-in of the test's own: headers say who comes and what they may do."""

from typing import Any

from fastapi import HTTPException, Request
from starlette.testclient import TestClient

from overture.settings import Settings
from overture.web.app import make_app
from overture.web.door import Door

READER = {"x-user": "rita"}
EDITOR = {"x-user": "edda", "x-may-recall": "yes"}
OURS = {"sec-fetch-site": "same-origin"}


class Named:
    """A user as Airflow gives one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get_name(self) -> str:
        """Return the name that one logs in with."""
        return self._name


def _user(request: Request) -> Named:
    if "x-user" not in request.headers:
        raise HTTPException(401, "Not authenticated")
    return Named(request.headers["x-user"])


def _may_read(request: Request) -> None:
    if request.headers.get("x-user") == "nobody":
        raise HTTPException(403, "Forbidden")


def _may_recall(request: Request) -> None:
    if "x-may-recall" not in request.headers:
        raise HTTPException(403, "Forbidden")


def client(settings: Settings, **headers: str) -> TestClient:
    """Return a client of the pages of a home; what it sends beside these headers is up to the test."""
    app = make_app(settings, Door(_user, _may_read, _may_recall))
    return TestClient(app, headers=headers, follow_redirects=False)


def mounted(settings: Settings, prefix: str) -> Any:
    """Return an application that mounts the pages under a path, as Airflow does."""
    from fastapi import FastAPI

    outer = FastAPI()
    outer.mount(prefix, make_app(settings, Door(_user, _may_read, _may_recall)))
    return outer
