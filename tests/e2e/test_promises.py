"""The short version of `make prove`: real processes, real kills, one shop in two homes."""

import re
import subprocess
import sys

import pytest

from overture.settings import CHECKOUT

pytestmark = pytest.mark.slow


def test_a_day_that_is_killed_raced_and_made_again_after_its_future_holds_the_rows_of_an_undisturbed_one() -> None:
    command = [sys.executable, "-m", "prove", "short", "--seed", "20170101"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = re.findall(r"^│ (.+?) +│ +(\d+) │ +(\d+) │", ended.stdout, re.MULTILINE)
    assert [failures for _, _, failures in rows] == ["0"] * 8
    assert all(int(trials) > 0 for _, trials, _ in rows)
