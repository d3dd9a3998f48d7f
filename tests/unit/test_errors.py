import pytest

from overture.errors import GateError, InputError, MissingFileError, OvertureError


def test_an_error_says_what_where_expected_and_got_in_one_line() -> None:
    error = MissingFileError("no such file", where="a.csv", expected="a file", got="nothing")
    assert str(error) == "no such file; where: a.csv; expected: a file; got: nothing"


def test_text_that_an_error_quotes_cannot_start_a_new_line_or_move_the_cursor() -> None:
    error = OvertureError("bad", got="x\ny\x1b[2J")
    assert str(error) == "bad; got: x\\ny\\x1b[2J"


@pytest.mark.parametrize(("error", "code"), [(OvertureError("x"), 1), (GateError("x"), 1), (InputError("x"), 2)])
def test_bad_input_exits_with_2_and_every_other_failure_with_1(error: OvertureError, code: int) -> None:
    assert error.exit_code == code
