"""The pages inside Airflow let nobody in without a log-in, show a published day, and take a message back."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

import explained_day
from explained_day import DAY, REFUSED, UNFINISHED
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.reporting import report_path
from overture.settings import Settings
from pages_client import EDITOR, OURS, READER, client, mounted

HOSTILE = "<img src=x onerror=alert(1)> \u202e\"'; drop table x"
MESSAGE = f"/message?day={DAY}&user=ana"
RECALL = f"/recall?day={DAY}&user=ana"
WHY = {"why": "wrong price"}


@pytest.fixture(scope="module")
def opened(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as warehouse:
        explained_day.put_day(warehouse)
        yield warehouse


@pytest.fixture
def lake(opened: Warehouse) -> Iterator[Warehouse]:
    """The lake, for a test that changes it: the day is laid anew behind it."""
    yield opened
    explained_day.put_day(opened)


@pytest.fixture
def home(module_settings: Settings, opened: Warehouse) -> Settings:
    return module_settings


@pytest.fixture
def reader(home: Settings) -> TestClient:
    return client(home, **READER)


@pytest.fixture
def editor(home: Settings, lake: Warehouse) -> TestClient:
    return client(home, **EDITOR)


def recalls(lake: Warehouse) -> list[tuple[object, ...]]:
    return lake.rows("select kind, subject, data_day, why, recalled_by from ops.recalls")


def test_every_route_is_closed_to_who_is_not_logged_in_or_may_not_read(home: Settings) -> None:
    stranger = client(home)
    routes = [route for route in stranger.app.routes if isinstance(route, Route)]
    assert {route.path for route in routes} == {"/", "/day", "/reports/{path:path}", "/messages", "/message", "/recall"}
    assert routes == stranger.app.routes
    for route in routes:
        for method in route.methods or ():
            for query in ("", f"?day={DAY}&user=ana"):
                refused = stranger.request(method, route.path + query, data=WHY, headers=OURS)
                assert (refused.status_code, "ana" in refused.text) == (401, False)
                refused = stranger.request(method, route.path + query, data=WHY, headers=OURS | {"x-user": "nobody"})
                assert refused.status_code == 403


def test_the_calendar_tells_published_refused_and_unfinished_days_apart(reader: TestClient) -> None:
    told = reader.get("/").text
    for day, outcome in ((DAY, "published"), (UNFINISHED, "unfinished"), (REFUSED, "refused")):
        cell = told.split(f"/day?day={day}")[1].split("</td>")[0]
        assert f'<span class="unseen">{outcome}</span>' in cell
    assert "check_landed: the_day_has_events" in told
    assert "November 2017" in told


def test_older_months_are_a_page_further(reader: TestClient, lake: Warehouse) -> None:
    lake.execute(
        "insert into ops.runs by name select unnest(generate_series(date '2016-01-05', date '2016-12-05',"
        " interval 1 month))::date as data_day, 'old' as run_id, false as is_published, 1 as token"
    )
    first = reader.get("/").text
    assert first.count("<caption>") == 6
    before = first.split("/?before=")[1].split('"')[0]
    second = reader.get(f"/?before={before}").text
    assert "July 2016" in second
    assert "August 2016" not in second
    assert "Older months" in second


def test_a_refused_day_shows_what_the_gate_said(reader: TestClient) -> None:
    told = reader.get(f"/day?day={REFUSED}").text
    assert "Refused by a gate" in told
    assert "check_landed: the_day_has_events" in told


def test_the_explorer_finds_by_reader_by_item_and_by_a_part_of_its_name(reader: TestClient, lake: Warehouse) -> None:
    lake.execute("insert into marts.messages by name select ? as data_day, 'bob' as user_id, 'tea' as item_id,"
                 " 'How about tea?' as text, 'template' as rung", [DAY])  # fmt: skip
    for query, found in (
        ("", {"ana", "bob"}), ("user=an", {"ana"}), ("item=te", {"bob"}), ("item=IMG+SRC", {"bob"}),
        ("user=%25", set()), ("after=ana", {"bob"}), ("user=b&item=ice", set()),
    ):  # fmt: skip
        told = reader.get(f"/messages?day={DAY}&{query}").text.split("</form>")[1]
        assert set(re.findall(r"user=(\w+)\">Why <bdi>\w+</bdi> got this", told)) == found


def test_the_explorer_opens_on_the_last_published_day_and_pages_by_reader(reader: TestClient, lake: Warehouse) -> None:
    lake.execute("insert into marts.messages by name select ? as data_day, printf('r%03d', range) as user_id,"
                 " 'ice' as item_id, 'Ice?' as text, 'draft' as rung from range(70)", [DAY])  # fmt: skip
    first = reader.get("/messages").text
    assert first.count('class="card"') == 50
    more = first.split('<a href="/messages?')[1].split('"')[0].replace("&amp;", "&")
    second = reader.get(f"/messages?{more}").text
    assert second.count('class="card"') == 21
    assert "More messages" not in second


def test_a_message_is_shown_with_its_claims_and_its_whole_trail(reader: TestClient) -> None:
    told = reader.get(MESSAGE).text
    assert "most of all because of" in told
    assert ">Ice</button>" in told
    for evidence in (explained_day.RUN, "How about {title}?", "factors: factors 8", "check_messages 1/1", "now 2.49"):
        assert evidence in told


def test_a_hostile_name_is_text_on_every_page(reader: TestClient, lake: Warehouse) -> None:
    lake.execute("update marts.item_facts set title = ?", [HOSTILE])
    lake.execute("update marts.messages set text = ?", [HOSTILE])
    lake.execute("insert into marts.messages by name select ? as data_day, ? as user_id, 'ice' as item_id,"
                 " ? as text, 'draft' as rung", [DAY, HOSTILE, HOSTILE])  # fmt: skip
    lake.execute("insert into marts.audience by name select ? as data_day, ? as user_id, true as has_consent,"
                 " true as is_eligible", [DAY, HOSTILE])  # fmt: skip
    asked = urlencode({"day": DAY, "user": HOSTILE, "item": HOSTILE})
    for path in (MESSAGE, f"/message?{asked}", f"/messages?day={DAY}", f"/messages?{asked}", f"/day?{asked}"):
        told = reader.get(path)
        assert told.status_code == 200, told.text
        assert "<img" not in told.text
        assert "\u202e" not in told.text
    assert "&lt;img src=x" in reader.get(MESSAGE).text
    assert "<img" not in reader.get("/day", params={"day": "<img src=x"}).text


def test_a_recalled_message_is_withdrawn_under_the_user_s_name_and_no_longer_shown_as_current(
    editor: TestClient, lake: Warehouse
) -> None:
    done = editor.post(RECALL, data=WHY, headers=OURS)
    assert (done.status_code, done.headers["location"]) == (303, MESSAGE)
    assert recalls(lake) == [("message", "ana", DAY, "wrong price", "edda")]
    told = editor.get(MESSAGE).text
    assert "edda recalled it" in told
    assert "<del>How about Ice?" in told
    assert "Take it back" not in told
    listed = editor.get(f"/messages?day={DAY}").text
    assert "Recalled: withdrawn from this reader" in listed
    assert "How about Ice?" not in listed
    again = editor.post(RECALL, data=WHY, headers=OURS)
    assert (again.status_code, "no such message" in again.text) == (404, True)


def test_who_may_only_read_can_recall_nothing(reader: TestClient, lake: Warehouse) -> None:
    assert reader.post(RECALL, data=WHY, headers=OURS).status_code == 403
    assert recalls(lake) == []


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "https://else.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    ],
)  # fmt: skip
def test_a_recall_that_another_site_had_a_browser_send_is_refused(
    editor: TestClient, lake: Warehouse, headers: dict[str, str]
) -> None:
    assert editor.post(RECALL, data=WHY, headers=headers).status_code == 403
    assert recalls(lake) == []


def test_a_recall_of_an_old_browser_or_of_a_program_with_a_token_is_taken(editor: TestClient, lake: Warehouse) -> None:
    assert editor.post(RECALL, data={"why": ""}, headers={"origin": "http://testserver"}).status_code == 422
    assert editor.post(RECALL, data=WHY, headers={"authorization": "Bearer x"}).status_code == 303
    assert len(recalls(lake)) == 1


@pytest.mark.parametrize("why", ["", "  ", "\t\n ", "x" * 501])
def test_a_recall_without_a_reason_or_with_a_book_is_refused(editor: TestClient, lake: Warehouse, why: str) -> None:
    assert editor.post(RECALL, data={"why": why}, headers=OURS).status_code == 422
    assert recalls(lake) == []


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/day?day=2017-12-24", 404, "not run; where: 2017-12-24; expected: a published day, such as 2017"),
        ("/day?day=2017-02-31", 422, "no such day"),
        ("/day", 422, "day: Field required"),
        ("/day?day=" + "2" * 300, 422, "at most 10"),
        (f"/message?day={DAY}&user=zoe", 404, "no such user"),
        (f"/message?day={DAY}&user=", 422, "at least 1"),
        (f"/message?day={DAY}&user=" + "x" * 201, 422, "at most 200"),
        (f"/message?day={DAY}&user=%00", 404, "no such user"),
        (f"/message?day={REFUSED}&user=ana", 404, "a run refused by check_landed"),
        (f"/messages?day={REFUSED}", 404, "nothing is published of this day"),
        ("/nowhere", 404, "Not Found"),
        (f"/reports/{DAY}/index.html", 404, "no such report"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_with_what_is(reader: TestClient, path: str, status: int, said: str) -> None:
    told = reader.get(path)
    assert (told.status_code, said in told.text) == (status, True), told.text


def test_a_reader_without_a_message_learns_why(reader: TestClient) -> None:
    assert "had not agreed" in reader.get(f"/message?day={DAY}&user=ben").text


def test_the_report_of_a_day_is_served_and_nothing_outside_its_folder(reader: TestClient, home: Settings) -> None:
    path = report_path(home, DAY)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<p>the report</p>")
    (home.home / "secret.html").write_text("secret")
    (path.parent / "notes.db").write_text("secret")
    link = path.parent / "link.html"
    link.unlink(missing_ok=True)
    link.symlink_to(home.home / "secret.html")
    assert reader.get(f"/reports/{DAY}/index.html").text == "<p>the report</p>"
    outside = (
        "../secret.html", "%2e%2e/secret.html", "..%2fsecret.html", f"{DAY}/..%2f..%2fsecret.html",
        f"/{home.home}/secret.html", f"%2f{home.home}/secret.html", f"{DAY}/link.html", f"{DAY}/notes.db", str(DAY),
        "x" * 5000, "%00", "..%5csecret.html",
    )  # fmt: skip
    for tried in outside:
        told = reader.get(f"/reports/{tried}")
        assert (told.status_code, "secret</" in told.text, told.text == "secret") == (404, False, False)
    path.unlink()


def test_every_answer_forbids_framing_caching_and_whatever_is_not_ours(reader: TestClient) -> None:
    for path in ("/", MESSAGE, "/nowhere", "/day"):
        headers = reader.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        for rule in ("default-src 'none'", "frame-ancestors 'self'", "form-action 'self'", "base-uri 'none'"):
            assert rule in headers["content-security-policy"]


def test_links_lead_below_the_path_where_the_pages_are_mounted(home: Settings, lake: Warehouse) -> None:
    inside = TestClient(mounted(home, "/overture"), headers=EDITOR, follow_redirects=False)
    told = inside.get("/overture/")
    assert f'href="/overture/day?day={DAY}"' in told.text
    assert 'href="/overture/" aria-current="page"' in told.text
    done = inside.post("/overture" + RECALL, data=WHY, headers=OURS)
    assert done.headers["location"] == "/overture" + MESSAGE


def test_a_home_without_any_run_says_how_to_make_one(settings: Settings) -> None:
    empty = client(settings, **READER)
    assert "overture run --day" in empty.get("/").text
    assert "No day is published yet" in empty.get("/messages").text
    assert "there is none yet" in empty.get(f"/day?day={date(2017, 11, 28)}").text
    assert not Path(settings.home / "reports").exists()
