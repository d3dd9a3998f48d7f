from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.errors import DayRangeError, InputError, UsageError
from overture.orchestration.data_day import RunRequest, data_day, read_request

NOVEMBER_28 = date(2017, 11, 28)


def test_the_partition_key_is_the_day_whatever_the_logical_date_says() -> None:
    assert data_day("2017-11-28", datetime(2030, 1, 1, tzinfo=UTC)) == NOVEMBER_28
    assert data_day("2017-11-28", None) == NOVEMBER_28


def test_a_run_without_a_partition_key_makes_the_day_of_its_logical_date() -> None:
    assert data_day(None, datetime(2017, 11, 28, 23, 59, 59, tzinfo=UTC)) == NOVEMBER_28


def test_a_run_with_neither_is_refused() -> None:
    with pytest.raises(UsageError, match="no data day"):
        data_day(None, None)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=9))], ids=["no zone", "Tokyo"])
def test_a_logical_date_that_is_not_in_utc_is_refused(zone: timezone | None) -> None:
    with pytest.raises(UsageError, match="UTC"):
        data_day(None, datetime(2017, 11, 28, tzinfo=zone))


@pytest.mark.parametrize(
    "key",
    [
        "2026-99-99",
        "2017-11-28\n",
        " 2017-11-28",
        "20171128",
        "2017-W48-2",
        "2017-11-28T00:00:00",
        "\uff12017-11-28",
        "",
    ],
)
def test_a_partition_key_that_is_no_day_is_refused(key: str) -> None:
    with pytest.raises(DayRangeError, match="YYYY-MM-DD"):
        data_day(key, None)


@given(st.dates())
def test_every_day_is_read_back_from_its_key(day: date) -> None:
    assert data_day(f"{day:%Y-%m-%d}".rjust(10, "0"), None) == day


def test_the_parameters_of_a_run_by_hand_name_day_and_users() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert read_request(None, now, {"day": "2017-11-28", "users": 20}) == RunRequest(NOVEMBER_28, 20)


def test_parameters_left_empty_change_nothing() -> None:
    assert read_request("2017-11-28", None, {"day": None, "users": None}) == RunRequest(NOVEMBER_28, None)
    assert read_request("2017-11-28", None, {}) == RunRequest(NOVEMBER_28, None)


def test_a_day_that_contradicts_the_partition_key_is_refused() -> None:
    assert read_request("2017-11-28", None, {"day": "2017-11-28"}).day == NOVEMBER_28
    with pytest.raises(UsageError, match="two days"):
        read_request("2017-11-28", None, {"day": "2017-11-27"})


@pytest.mark.parametrize(
    "parameters",
    [
        {"day": "2026-99-99"},
        {"day": "2017-11-28\n"},
        {"day": 20171128},
        {"day": ["2017-11-28"]},
        {"users": 0},
        {"users": -1},
        {"users": 2.0},
        {"users": "20"},
        {"users": True},
        {"user": 20},
        {"users": 20, "model": "other"},
    ],
    ids=repr,
)
def test_what_airflow_would_let_pass_is_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(InputError):
        read_request("2017-11-28", None, parameters)
