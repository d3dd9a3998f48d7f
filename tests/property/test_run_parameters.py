from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from overture.core.days import parse_day
from overture.errors import DayRangeError, InputError, UsageError
from overture.orchestration.data_day import RunRequest, read_request

MARKS = st.text(alphabet="0123456789-'\";$`\n\r\0 \u0662_%{}|&/\\T:Z", max_size=14)
NEAR_DAYS = st.builds(lambda day, before, after: f"{before}{day}{after}", st.dates(), MARKS, MARKS)
TEXTS = st.one_of(st.text(max_size=20), MARKS, NEAR_DAYS, st.dates().map(str))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
    max_leaves=3,
)
PARAMETERS = st.one_of(
    st.fixed_dictionaries({}, optional={"day": VALUES, "users": VALUES}),
    st.dictionaries(st.one_of(st.just("day"), st.just("users"), TEXTS), VALUES, max_size=3),
)
MOMENT = datetime(2024, 5, 2, tzinfo=UTC)


@given(TEXTS)
def test_a_text_is_a_day_only_when_it_is_that_day_written_out(text: str) -> None:
    try:
        day = parse_day(text)
    except DayRangeError:
        return
    assert day.isoformat() == text


@given(st.one_of(st.none(), TEXTS), PARAMETERS)
def test_of_what_a_run_is_asked_for_only_a_day_and_a_number_come_through(
    key: str | None, parameters: dict[str, Any]
) -> None:
    try:
        request = read_request(key, MOMENT, parameters)
    except InputError:
        return
    assert type(request.day) is date
    assert request.users is None or (type(request.users) is int and request.users >= 1)
    assert set(parameters) <= {"day", "users"}


@given(st.dates(), st.one_of(st.none(), st.integers(min_value=1)))
def test_a_day_and_a_number_always_come_through(day: date, users: int | None) -> None:
    assert read_request(None, None, {"day": day.isoformat(), "users": users}) == RunRequest(day, users)


@given(TEXTS)
def test_the_command_line_takes_only_whole_numbers_of_users(text: str) -> None:
    from overture.cli.options import count_of

    try:
        count = count_of(text)
    except UsageError:
        return
    assert count is not None
    assert count >= 1
    assert text.isascii()
    assert text.isdigit()
