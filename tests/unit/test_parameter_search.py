"""A search that was killed goes on as if it had not been, and never takes the trials of another one."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._base import BaseJournalSnapshot

from overture.adapters.parameter_search import Budget, Parameters, Range, Search, Trial, search
from overture.errors import ArtifactError, HomeError

RANGES = {"size": Range(1, 9, is_whole=True), "pull": Range(0.1, 10.0, is_log=True)}
ASKED = Search(RANGES, [{"size": 4, "pull": 1.0}], 7, {"data": "a"})


def height(number: int, parameters: Parameters) -> float:
    return parameters["size"] - (parameters["pull"] - 3) ** 2


def find(
    folder: Path,
    trials: int,
    asked: Search = ASKED,
    judge: Callable[[int, Parameters], float] = height,
    seconds: float = 1e9,
) -> list[Trial]:
    """Search with a clock on which each trial takes two seconds."""
    ticks = iter(range(0, 10**6, 2))
    return search(folder, asked, Budget(trials, seconds, lambda: float(next(ticks))), judge)


def killed_in(trial: int) -> Callable[[int, Parameters], float]:
    def judge(number: int, parameters: Parameters) -> float:
        if number == trial:
            raise KeyboardInterrupt
        return height(number, parameters)

    return judge


def test_a_search_that_is_killed_again_and_again_makes_the_same_trials_as_one_that_is_not(tmp_path: Path) -> None:
    whole = find(tmp_path / "whole", 14)
    for trial in (0, 5, 5, 9, 12):
        with pytest.raises(KeyboardInterrupt):
            find(tmp_path / "pieces", 14, judge=killed_in(trial))
    assert find(tmp_path / "pieces", 14) == whole
    assert len({str(trial.parameters) for trial in whole}) > 10


def test_what_was_given_is_tried_first_and_later_trials_stay_in_their_ranges(tmp_path: Path) -> None:
    trials = find(tmp_path, 12)
    assert trials[0] == Trial(0, {"size": 4, "pull": 1.0}, height(0, {"size": 4, "pull": 1.0}), 2.0)
    assert [trial.number for trial in trials] == list(range(12))
    for trial in trials:
        assert trial.parameters["size"] in range(1, 10)
        assert 0.1 <= trial.parameters["pull"] <= 10
    assert max(trial.value for trial in trials) > trials[0].value


def test_a_search_that_is_done_tries_nothing_more_and_one_with_more_trials_goes_on(tmp_path: Path) -> None:
    first = find(tmp_path, 3)
    tried = []
    assert find(tmp_path, 3, judge=lambda number, _: tried.append(number) or 0.0) == first
    assert tried == []
    assert find(tmp_path, 5)[:3] == first


def test_seconds_of_former_sittings_count(tmp_path: Path) -> None:
    assert len(find(tmp_path, 100, seconds=7)) == 4
    assert len(find(tmp_path, 100, seconds=7)) == 4
    assert len(find(tmp_path, 100, seconds=9)) == 5


def test_one_trial_is_made_whatever_the_budget(tmp_path: Path) -> None:
    assert len(find(tmp_path, 100, seconds=0.001)) == 1


@pytest.mark.parametrize(
    "other",
    [
        Search({**RANGES, "size": Range(1, 8, is_whole=True)}, ASKED.first, 7, {"data": "a"}),
        Search(RANGES, [{"size": 5, "pull": 1.0}], 7, {"data": "a"}),
        Search(RANGES, ASKED.first, 8, {"data": "a"}),
        Search(RANGES, ASKED.first, 7, {"data": "b"}),
    ],
    ids=["range", "first trial", "seed", "data"],
)
def test_a_search_with_anything_else_begins_anew_and_leaves_the_first_one_as_it_is(
    tmp_path: Path, other: Search
) -> None:
    first = find(tmp_path, 4)
    tried = []
    find(tmp_path, 4, other, lambda number, _: tried.append(number) or 0.0)
    assert tried == [0, 1, 2, 3]
    assert find(tmp_path, 4) == first
    assert len(list(tmp_path.glob("trials-*.jsonl"))) == 2


def test_a_line_that_was_half_written_is_cut_off_and_the_search_goes_on(tmp_path: Path) -> None:
    whole = find(tmp_path / "whole", 8)
    find(tmp_path / "torn", 5)
    (journal,) = (tmp_path / "torn").glob("trials-*.jsonl")
    with journal.open("ab") as file:
        file.write(b'{"op_code":4,"worker')
    assert find(tmp_path / "torn", 8) == whole


@pytest.mark.parametrize("line", [b"no json\n", b'{"op_code":4}\n', b"[1]\n", b"\xff\xfe\n", b'{"op_code":99}\n'])
def test_damaged_trials_are_refused_by_the_name_of_their_file(tmp_path: Path, line: bytes) -> None:
    find(tmp_path, 3)
    (journal,) = tmp_path.glob("trials-*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:4], line, *lines[4:]]))
    with pytest.raises(ArtifactError, match=f"damaged trials.*{journal.name}.*delete the file"):
        find(tmp_path, 3)


def test_trials_of_another_search_under_this_ones_name_are_refused(tmp_path: Path) -> None:
    find(tmp_path, 3)
    other = Search(RANGES, ASKED.first, 8, {"data": "a"})
    (journal,) = tmp_path.glob("trials-*.jsonl")
    journal.rename(tmp_path / f"trials-{other.version}.jsonl")
    with pytest.raises(ArtifactError, match="trials of another search"):
        find(tmp_path, 3, other)


def test_a_lock_that_a_killed_process_left_over_holds_nobody_up(tmp_path: Path) -> None:
    find(tmp_path, 3)
    (journal,) = tmp_path.glob("trials-*.jsonl")
    Path(f"{journal}.lock").write_text("")
    assert len(find(tmp_path, 4)) == 4


def test_no_pickle_is_read_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("a pickle")

    for name in ("load", "loads", "dump", "dumps"):
        monkeypatch.setattr(pickle, name, refuse)
    find(tmp_path, 30)
    find(tmp_path, 32)
    # What Optuna's journal looks at before it pickles a snapshot.
    assert not issubclass(JournalFileBackend, BaseJournalSnapshot)


def test_first_parameters_outside_of_a_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises((ValueError, ArtifactError), match="pull"):
        find(tmp_path, 2, Search(RANGES, [{"size": 4, "pull": 20.0}], 7, {}))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot be kept"):
        find(tmp_path / "file" / "below", 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((5, 4), "lower one first"),
        ((float("nan"), 4), "finite"),
        ((0, float("inf")), "finite"),
        ((0, 4, False, True), "above 0"),
        ((0.5, 4, True), "whole"),
    ],
)
def test_ranges_that_contradict_themselves_are_refused(given: tuple[float, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Range(*given)


@pytest.mark.parametrize(("trials", "seconds"), [(0, 5.0), (3, 0.0), (3, float("nan"))])
def test_a_budget_of_nothing_is_refused(trials: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(trials, seconds, lambda: 0.0)


def test_a_value_outside_widens_a_range_and_one_inside_does_not() -> None:
    assert Range(2, 4).with_value(3) == Range(2, 4)
    assert Range(2, 4).with_value(7) == Range(2, 7)
    with pytest.raises(ValueError, match="above 0"):
        Range(2, 4, is_log=True).with_value(0)
