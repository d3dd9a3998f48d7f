"""Who may come in: the log-in is Airflow's and is handed in, and what changes anything must come from our own pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request


@dataclass(frozen=True)
class Door:
    """FastAPI dependencies that let a request pass or raise HTTPException 401 or 403.

    user: gives the user, whose `get_name()` is noted with what they do. may_read, may_recall: what they are allowed.
    """

    user: Callable[..., Any]
    may_read: Callable[..., Any]
    may_recall: Callable[..., Any]


def noting(door: Door) -> Callable[..., None]:
    """Return the dependency that asks for a user, and notes the name as `request.state.overture_user`."""

    def note(request: Request, user: Annotated[Any, Depends(door.user)]) -> None:
        request.state.overture_user = str(user.get_name())

    return note


def require_own_page(request: Request) -> None:
    """Refuse what a page of somebody else had a logged-in browser send.

    Browsers say where a request comes from, in Sec-Fetch-Site (over TLS or on this machine) or Origin. A request that
    says neither passes with a bearer token alone, which no browser adds by itself.
    """
    if request.headers.get("authorization", "").lower().startswith("bearer "):
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_own = site == "same-origin"
    else:
        is_own = origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise HTTPException(403, "Only Overture's own pages may send this")
