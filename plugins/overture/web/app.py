"""The application that Airflow mounts: every route asks who comes before it does anything else."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from overture.errors import DayRangeError, InputError, LockTimeoutError, OvertureError
from overture.settings import Settings
from overture.web import reading, recalls
from overture.web.door import Door, noting, require_own_page
from overture.web.showing import HEADERS, refusal

Application = FastAPI

STATUS: tuple[tuple[type[OvertureError], int], ...] = (
    (DayRangeError, 422),
    (InputError, 404),
    (LockTimeoutError, 503),
    (OvertureError, 500),
)
"""Errors, the more special ones first -> the status of the page that tells them."""


def make_app(settings: Settings, door: Door) -> FastAPI:
    """Return the application of a home, to be mounted under any path; `door` decides who may do what."""
    # The descriptions of routes would be served without a log-in.
    app = FastAPI(title="Overture", openapi_url=None, dependencies=[Depends(noting(door)), Depends(door.may_read)])
    app.state.settings = settings
    app.include_router(reading.router)
    app.include_router(recalls.router, dependencies=[Depends(door.may_recall), Depends(require_own_page)])
    app.add_exception_handler(OvertureError, _tell_ours)
    app.add_exception_handler(HTTPException, _tell_refused)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.middleware("http")(_guard)
    return app


async def _guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    response.headers.update(HEADERS)
    return response


def _tell_ours(request: Request, error: Exception) -> Response:
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return refusal(request, status, str(error))


def _tell_refused(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    is_stranger = refused.status_code == HTTPStatus.UNAUTHORIZED
    return refusal(request, refused.status_code, "Log in to Airflow first." if is_stranger else str(refused.detail))


def _tell_invalid(request: Request, error: Exception) -> Response:
    said = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in cast("RequestValidationError", error).errors())
    return refusal(request, HTTPStatus.UNPROCESSABLE_ENTITY, said)
