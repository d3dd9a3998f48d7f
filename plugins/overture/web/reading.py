"""The pages that show: the calendar, a day, its report, messages, and one message with its trail."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from overture.adapters.warehouse import open_warehouse
from overture.adapters.warehouse.health_reads import read_health
from overture.adapters.warehouse.message_reads import Search, find_messages
from overture.core.days import parse_day
from overture.core.health import PUBLISHED, months
from overture.core.marked import parts
from overture.errors import UsageError
from overture.explaining import explain
from overture.reporting import report_path
from overture.telling import steps_of
from overture.web.asking import Beginning, Day, PerhapsDay, User, settings_of
from overture.web.showing import page

MONTHS, MESSAGES = 6, 50
"""Months on a page of the calendar, and messages on a page of the explorer."""

SHOWN: Final = (".html", ".css", ".js", ".json", ".png", ".svg", ".txt", ".prom", ".woff2")
"""Kinds of files that lie among the reports."""

router = APIRouter()


@router.get("/")
def calendar(request: Request, before: PerhapsDay = "") -> Response:
    """Show days as a calendar of health, the newest months first."""
    with open_warehouse(settings_of(request), read_only=True) as warehouse:
        days = read_health(warehouse)
    until = parse_day(before) if before else None
    shown = months(days, MONTHS, until)
    last = min((day for month in shown for week in month.weeks for day, _ in filter(None, week)), default=None)
    older = last if last is not None and any(day < last for day in days) else None
    return page(request, "web_calendar.html.j2", {"months": shown, "older": older, "days": len(days)})


@router.get("/day")
def day_page(request: Request, day: Day) -> Response:
    """Show how one day came out, and what a gate said against it."""
    settings, wanted = settings_of(request), parse_day(day)
    with open_warehouse(settings, read_only=True) as warehouse:
        days = read_health(warehouse)
    if wanted not in days:
        near = [each for each, health in days.items() if health.outcome == PUBLISHED]
        such = f", such as {min(near, key=lambda each: abs(each - wanted))}" if near else "; there is none yet"
        raise UsageError("this day was not run", where=wanted, expected=f"a published day{such}", got="no run of it")
    has_report = report_path(settings, wanted).exists()
    return page(request, "web_day.html.j2", {"health": days[wanted], "has_report": has_report})


@router.get("/reports/{path:path}")
def report(request: Request, path: str) -> Response:
    """Serve a file of the reports' folder, and of no other."""
    folder = settings_of(request).reports.resolve()
    file = _inside(folder, path)
    if file is None:
        raise UsageError("no such report", where="reports", expected="that of a published day", got=path[:100])
    return FileResponse(file)


@router.get("/messages")
def messages(
    request: Request, day: PerhapsDay = "", user: Beginning = "", item: Beginning = "", after: Beginning = ""
) -> Response:
    """Show the messages of a day, of readers and items that are sought; without a day, of the last published one."""
    with open_warehouse(settings_of(request), read_only=True) as warehouse:
        published = [each for each, health in read_health(warehouse).items() if health.outcome == PUBLISHED]
        wanted = parse_day(day) if day else max(published, default=None)
        if day and wanted not in published:
            raise UsageError("nothing is published of this day", where=wanted, expected="a published day", got="none")
        search = wanted and Search(wanted, user.strip(), item.strip(), after)
        found = find_messages(warehouse, search, MESSAGES + 1) if search else ()
    values = {"day": wanted, "user": user.strip(), "item": item.strip(), "found": found[:MESSAGES]}
    return page(request, "web_messages.html.j2", values | {"has_more": len(found) > MESSAGES, "published": published})


@router.get("/message")
def message(request: Request, day: Day, user: User) -> Response:
    """Show a reader's message of a day, or why there is none, with everything that it rests on."""
    trail = explain(settings_of(request), user, parse_day(day))
    text = trail.message.text if trail.message else ""
    values = {
        "trail": trail,
        "steps": steps_of(trail),
        "parts": parts(text, [claim.rendered for claim in trail.claims]),
        "may_recall": trail.message is not None and trail.outcome == "sent",
    }
    return page(request, "web_message.html.j2", values)


def _inside(folder: Path, path: str) -> Path | None:
    try:
        file = (folder / path).resolve()
        is_shown = file.is_relative_to(folder) and file.is_file() and file.suffix in SHOWN
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return None
    return file if is_shown else None
