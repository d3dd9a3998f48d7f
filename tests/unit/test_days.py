from datetime import date

import pytest

from overture.core.days import parse_day
from overture.errors import DayRangeError


@pytest.mark.parametrize(
    "text", ["", "2017-99-99", "2017-02-29", "2017-11-28\n", "20171128", "2017-11-28T00:00", "٢٠١٧-11-28", "2017-1-1"]
)
def test_only_a_real_day_in_iso_form_is_a_day(text: str) -> None:
    with pytest.raises(DayRangeError):
        parse_day(text)


def test_a_day_is_parsed() -> None:
    assert parse_day("2016-02-29") == date(2016, 2, 29)
