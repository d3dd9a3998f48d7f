from pathlib import Path

import pytest

from overture.errors import HomeError, SettingsError
from overture.settings import CHECKOUT, Settings


def test_without_variables_everything_lies_in_the_checkout() -> None:
    settings = Settings.from_environment({})
    assert settings.home == CHECKOUT / ".overture"
    assert settings.source.is_file()
    assert settings.catalog is None


def test_a_misspelt_variable_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="OVERTURE_HOEM"):
        Settings.from_environment({"OVERTURE_HOEM": "x"})


@pytest.mark.parametrize("threads", ["0", "-1", "two", "1.5", "٣"])
def test_threads_must_be_a_whole_number_above_zero(threads: str) -> None:
    with pytest.raises(SettingsError, match="OVERTURE_THREADS"):
        Settings.from_environment({"OVERTURE_THREADS": threads})


def test_a_home_below_a_file_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match=str(tmp_path / "file" / "home")):
        Settings.from_environment({"OVERTURE_HOME": str(tmp_path / "file" / "home")}).ensure_home()
