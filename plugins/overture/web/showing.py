"""How an answer looks: a page of ours with the ways to the others, and what a browser may do with it."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from overture.pages.document import render

HEADERS: Final = {
    # Readers' ids and messages stay in no cache, and no page of others can frame ours.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline' 'self';"
    " img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
}
"""Of every answer. A page states the hashes of its own style and scripts beside, and both policies bind it."""


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Return a page of a template; `root` is where the application is mounted, `here` its path below that."""
    root = str(request.scope.get("root_path", ""))
    told = {"root": root, "here": request.url.path.removeprefix(root), **values}
    return HTMLResponse(render(template, told, has_form=True), status)


def refusal(request: Request, status: int, what: str) -> HTMLResponse:
    """Return the page that says why there is no other."""
    return page(request, "web_refusal.html.j2", {"status": status, "what": what}, status)
