"""The door to Optuna: a search for the best parameters whose every trial is kept, so that it can go on later."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from overture.adapters.artifacts import version_of
from overture.adapters.turns import turn
from overture.errors import ArtifactError, HomeError

STARTUP_TRIALS: Final = 8
"""So many trials are drawn at random before the sampler learns from them; the given first ones count."""

IDENTITY, SECONDS = "identity", "seconds"

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Range:
    """Where a parameter is searched, both ends included.

    is_whole: whole numbers only. is_log: twice as much is as far as half as much. Raises ValueError for ends that are
    not finite, contradict each other, are not whole for a whole range, or not above 0 for a logarithmic one.
    """

    low: float
    high: float
    is_whole: bool = False
    is_log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"range; expected: two finite ends, the lower one first; got: {self.low}, {self.high}")
        if self.is_whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(f"range; expected: whole ends; got: {self.low}, {self.high}")
        if self.is_log and not self.low > 0:
            raise ValueError(f"range; expected: ends above 0; got: {self.low}, {self.high}")

    def with_value(self, value: float) -> "Range":
        """Return the range, widened where the value lies outside; raise ValueError for a value it can never hold."""
        return Range(min(self.low, value), max(self.high, value), self.is_whole, self.is_log)


@dataclass(frozen=True)
class Search:
    """What is searched. Two searches are the same, and share their trials, where all of this is.

    ranges: of each parameter. first: parameters tried before any drawn ones, inside the ranges. seed: 0 or more.
    identity: what else the values depend on (JSON types): the data, the measure, versions of packages.
    """

    ranges: Mapping[str, Range]
    first: Sequence[Parameters]
    seed: int
    identity: Mapping[str, Any]

    @property
    def version(self) -> str:
        """12 hexadecimal characters that differ when anything above does."""
        ranges = {name: vars(each) for name, each in self.ranges.items()}
        return version_of({"ranges": ranges, "first": list(map(dict, self.first)), "seed": self.seed, **self.identity})


@dataclass(frozen=True)
class Budget:
    """When a search ends, former sittings of it counted: after so many trials, or before a trial past so many seconds.

    clock: gives seconds from any start. Raises ValueError for trials below 1 and seconds that are not above 0.
    """

    trials: int
    seconds: float
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        if self.trials < 1 or not self.seconds > 0:
            raise ValueError(f"budget; expected: 1 trial and 1 second or more; got: {self.trials}, {self.seconds}")


@dataclass(frozen=True)
class Trial:
    """One trial that was judged. number: its place in the search, from 0. value: greater is better."""

    number: int
    parameters: Parameters
    value: float
    seconds: float


def search(folder: Path, asked: Search, budget: Budget, judge: Callable[[int, Parameters], float]) -> list[Trial]:
    """Return all trials of the search in order; go on where a former sitting of the same search was ended or killed.

    judge: called with a trial's number and parameters, gives its value. Each trial is drawn from the seed, its number
    and the trials before it, so that a search in several sittings is the same as one in one. The first trial is made
    whatever the budget. Trials stand in `folder`/trials-<version>.jsonl, one line an event; a search of another version
    has another file. A line that was half written when the process was killed is cut off. Nothing here reads a pickle:
    Optuna's journal does so for backends that keep snapshots, which the file is none of.

    One process at a time searches in a folder; another one waits. Raises ArtifactError for a journal that cannot be
    read or is of another search, HomeError where it cannot be written, ValueError for first parameters outside of the
    ranges, and what `judge` raises.
    """
    path = folder / f"trials-{asked.version}.jsonl"
    with _in_turn(folder):
        study = _study(path, asked)
        trials = _done(study, path)
        while len(trials) < budget.trials and (not trials or sum(t.seconds for t in trials) < budget.seconds):
            start = budget.clock()
            drawn = _draw(study, asked, len(trials))
            value = float(judge(len(trials), drawn.parameters))
            drawn.keep(value, budget.clock() - start)
            trials = _done(study, path)
    return trials


@contextmanager
def _in_turn(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with turn(folder / ".turn"):
            yield
    except OSError as error:
        raise HomeError("the search cannot be kept", where=folder, expected="a writable folder", got=error) from error


@dataclass(frozen=True)
class _Drawn:
    parameters: Parameters
    keep: Callable[[float, float], None]


def _draw(study: Any, asked: Search, number: int) -> _Drawn:
    import optuna

    distributions = {name: _distribution(each) for name, each in asked.ranges.items()}
    if number < len(asked.first):
        # Added when it is done: enqueued, it would be lost with the process that takes it.
        given = {name: asked.first[number][name] for name in distributions}

        def add(value: float, seconds: float) -> None:
            study.add_trial(
                optuna.trial.create_trial(
                    params=given, distributions=distributions, value=value, user_attrs={SECONDS: seconds}
                )
            )

        return _Drawn(given, add)
    seed = int(np.random.SeedSequence([asked.seed, number]).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS, constant_liar=False)
    trial = study.ask(distributions)

    def tell(value: float, seconds: float) -> None:
        trial.set_user_attr(SECONDS, seconds)
        study.tell(trial, value)

    return _Drawn(dict(trial.params), tell)


def _distribution(asked: Range) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    if asked.is_whole:
        return IntDistribution(int(asked.low), int(asked.high), log=asked.is_log)
    return FloatDistribution(float(asked.low), float(asked.high), log=asked.is_log)


def _study(path: Path, asked: Search) -> Any:
    """Return the search's study, made where there is none; what a killed process was trying is given up."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    _cut_half_line(path)
    # Its lock file can be left over: the turn of the folder keeps others out.
    lock = JournalFileOpenLock(str(path))
    Path(f"{path}.lock").unlink(missing_ok=True)
    with _readable(path):
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        study = optuna.create_study(
            storage=storage, study_name=asked.version, direction="maximize", load_if_exists=True
        )
        if study.user_attrs.get(IDENTITY, asked.version) != asked.version or len(storage.get_all_studies()) > 1:
            raise ArtifactError("trials of another search", where=path, expected=asked.version)
        study.set_user_attr(IDENTITY, asked.version)
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _done(study: Any, path: Path) -> list[Trial]:
    from optuna.trial import TrialState

    with _readable(path):
        done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return [
            Trial(number, dict(trial.params), float(trial.value), float(trial.user_attrs[SECONDS]))
            for number, trial in enumerate(done)
        ]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError) as error:
        got = f"{type(error).__name__}: {error}"
        raise ArtifactError(
            "damaged trials", where=path, expected="what a search wrote; delete the file to begin anew", got=got
        ) from error


def _cut_half_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with path.open("r+b") as file:
            file.truncate(end)
