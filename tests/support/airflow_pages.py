"""A running Airflow over a small published day, and a browser that has logged in to it as a person does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

import explained_day
from chromium import DESK, HEIGHT, Opened
from overture import reporting
from overture.adapters.warehouse import open_warehouse
from overture.orchestration import server
from overture.orchestration.airflow_environment import HOST
from overture.orchestration.credentials import USER, credentials
from overture.settings import Settings

HOSTILE = '<img src=x onerror=alert(1)> "it\'s" \u202eevil\u202c </script><script>alert(2)</script> {{ 7*7 }}'
SHOWN = HOSTILE.replace("\u202e", "\\u202e").replace("\u202c", "\\u202c")


@dataclass(frozen=True)
class Running:
    """Airflow of a home. address: where it serves. state: the cookies of a browser that has logged in."""

    settings: Settings
    address: str
    state: Path


def lay_day(settings: Settings) -> None:
    """Publish the day with hostile texts, and its report."""
    with open_warehouse(settings) as lake:
        explained_day.put_day(lake)
        lake.execute("update marts.item_facts set title = ? where item_id = 'tea'", [HOSTILE])
        lake.execute("update marts.messages set text = ?", [f"How about Ice? It costs $2.49. {HOSTILE}"])
        reporting.write_day(settings, lake, explained_day.DAY)
        reporting.write_index(settings, lake)


@contextmanager
def airflow_over(settings: Settings, browser: Browser) -> Iterator[Running]:
    """Run Airflow for a home, log in by its own form, and stop it at the end of the block unless it ran before."""
    ran_before = all(server.processes(settings).values())
    try:
        server.up(settings)
        address = f"http://{HOST}:{server.connect(settings).port}"
        state = settings.home / "browser.json"
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/auth/login")
        page.locator("input[name=username]").fill(USER)
        page.locator("input[name=password]").fill(credentials(settings.airflow).password)
        page.locator("button[type=submit]").click()
        page.wait_for_url(lambda url: "/auth/login" not in url)
        context.storage_state(path=state)
        context.close()
        yield Running(settings, address, state)
    finally:
        if not ran_before:
            server.down(settings)


@contextmanager
def visiting(
    browser: Browser, running: Running, path: str, width: int = DESK, scheme: str = "light"
) -> Iterator[Opened]:
    """Open a path in a window of someone who is logged in; errors are those of our own pages."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=running.state,
    )
    try:
        seen = Opened(context.new_page())
        _listen(context, seen, running)
        seen.page.goto(f"{running.address}{path}")
        yield seen
    finally:
        context.close()


def _listen(context: BrowserContext, seen: Opened, running: Running) -> None:
    ours = f"{running.address}/overture"
    page: Page = seen.page
    page.on("console", lambda line: seen.errors.append(line.text) if _is_fault(line, ours) else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("dialog", lambda dialog: (seen.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
    own = (running.address, f"blob:{running.address}")
    context.on("request", lambda asked: None if asked.url.startswith(own) else seen.asked.append(asked.url))


def _is_fault(line: object, ours: str) -> bool:
    return line.type == "error" and str(line.location.get("url", "")).startswith(ours)  # type: ignore[attr-defined]
