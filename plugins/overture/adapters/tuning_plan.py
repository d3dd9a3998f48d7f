"""How a search for better factors goes: what config/tuning.toml states, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from overture.adapters.factor_configuration import EVENT_WEIGHTS, HALF_LIFE, FactorConfiguration
from overture.adapters.parameter_search import Parameters, Range
from overture.configuration import load_config
from overture.core.champion_gate import Rules
from overture.errors import SettingsError
from overture.settings import Settings

FILE: Final = "tuning.toml"

SHAPES: Final = {
    "factors": {"is_whole": True, "is_log": True},
    "relative_regularization": {"is_log": True},
    "frequency_scaling": {},
    "alpha": {"is_log": True},
    "iterations": {"is_whole": True},
    "least_weight": {},
    HALF_LIFE: {"is_whole": True, "is_log": True},
    EVENT_WEIGHTS: {"is_log": True},
}
"""What can be searched, and how its values lie."""

OF_TYPE: Final = "event_weight "
"""What the name of a parameter begins with that is the weight of the event type named after it."""


@dataclass(frozen=True)
class Plan:
    """What config/tuning.toml states. search_days, gate_days: days before, each list in the file's order."""

    seed: int
    trials: int
    minutes: int
    horizon_days: int
    search_days: tuple[int, ...]
    gate_days: tuple[int, ...]
    rules: Rules
    baselines: tuple[str, ...]
    ranges: Mapping[str, Range]

    @classmethod
    def read(cls, config: Mapping[str, Any] | None = None) -> "Plan":
        """Return the plan; raise SettingsError for numbers that are none, out of range, or contradict each other.

        config: as config/tuning.toml, which is read where it is not given. A day is judged by the days after it, all of
        which end by the day that is tuned as of; those of the search end by the oldest day of the gate.
        """
        stated = load_config("tuning") if config is None else config
        seed, trials, minutes, horizon, resamples = (
            _whole(name, stated.get(name)) for name in ("seed", "trials", "minutes", "horizon_days", "resamples")
        )
        searched, decided = (_days(name, stated.get(name)) for name in ("search_days_before", "gate_days_before"))
        if min(decided) < horizon:
            expected = f"{horizon} or more: the days after it must have come"
            raise SettingsError("bad days", where=f"{FILE}, gate_days_before", expected=expected, got=min(decided))
        if min(searched) < max(decided) + horizon:
            expected = f"{max(decided) + horizon} or more: what the gate decides on must not be searched on"
            raise SettingsError("bad days", where=f"{FILE}, search_days_before", expected=expected, got=min(searched))
        loss, baselines = stated.get("tolerated_loss"), stated.get("baselines")
        if isinstance(loss, bool) or not isinstance(loss, int | float) or not 0 <= loss <= 1:
            raise SettingsError("bad value", where=f"{FILE}, tolerated_loss", expected="0 to 1", got=loss)
        if not isinstance(baselines, list) or not baselines:
            raise SettingsError("bad value", where=f"{FILE}, baselines", expected="names of strategies", got=baselines)
        rules = Rules(float(loss), seed, resamples)
        ranges = _ranges(stated.get("ranges"))
        return cls(seed, trials, minutes, horizon, searched, decided, rules, tuple(map(str, baselines)), ranges)


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError("bad value", where=f"{FILE}, {name}", expected="a whole number from 1", got=value)
    return value


def _days(name: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
        raise SettingsError("bad value", where=f"{FILE}, {name}", expected="days before, each once", got=value)
    return tuple(_whole(name, each) for each in value)


def _ranges(stated: object) -> dict[str, Range]:
    if not isinstance(stated, Mapping) or not stated:
        raise SettingsError("nothing to search", where=f"{FILE}, ranges", expected=", ".join(SHAPES), got=stated)
    found = {}
    for name, ends in stated.items():
        where = f"{FILE}, ranges, {name}"
        if name not in SHAPES:
            raise SettingsError("unknown parameter", where=where, expected=", ".join(SHAPES), got=name)
        if not isinstance(ends, list) or len(ends) != 2 or not all(map(_is_number, ends)):
            raise SettingsError("bad range", where=where, expected="two numbers, 0 or more", got=ends)
        least = 1 if SHAPES[name].get("is_whole") else 0
        try:
            found[name] = Range(float(ends[0]), float(ends[1]), **SHAPES[name])
        except ValueError as error:
            raise SettingsError("bad range", where=where, expected="the lower end first", got=error) from error
        if found[name].low < least:
            raise SettingsError("bad range", where=where, expected=f"{least} or more", got=ends)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


@dataclass(frozen=True)
class Space:
    """A champion's configuration laid out as parameters to search, and back.

    Parameters that have no range stay as the champion has them; so does the weight of the heaviest event type.
    """

    champion: FactorConfiguration
    ranges: Mapping[str, Range]

    @classmethod
    def around(cls, champion: FactorConfiguration, plan: Plan) -> "Space":
        """Return the plan's ranges, one for each lighter event type, each wide enough for the champion.

        Raises SettingsError for a champion's 0 where a range is logarithmic.
        """
        stated, ranges = champion.as_mapping(), dict(plan.ranges)
        of_types = ranges.pop(EVENT_WEIGHTS, None)
        if of_types is not None:
            heaviest, weights = _heaviest(champion), champion.event_weights
            # A type of weight 0 is one that the shop has said does not count.
            lighter = [name for name in sorted(weights) if name != heaviest and weights[name] > 0]
            ranges |= {OF_TYPE + name: of_types for name in lighter}
            stated |= {OF_TYPE + name: weights[name] / weights[heaviest] for name in lighter}
        try:
            return cls(champion, {name: each.with_value(stated[name]) for name, each in ranges.items()})
        except ValueError as error:
            raise SettingsError("the champion cannot be searched around", where=FILE, got=error) from error

    def parameters_of(self, configuration: FactorConfiguration) -> dict[str, float]:
        """Return a configuration's values of what is searched; those outside of a range as its nearer end."""
        stated, heaviest = configuration.as_mapping(), _heaviest(self.champion)
        most = configuration.event_weights[heaviest] or 1.0
        stated |= {OF_TYPE + name: weight / most for name, weight in configuration.event_weights.items()}
        return {name: min(max(stated[name], each.low), each.high) for name, each in self.ranges.items()}

    def configuration_of(self, parameters: Parameters, settings: Settings) -> FactorConfiguration:
        """Return the configuration with these values of what is searched, of four digits each."""
        heaviest = _heaviest(self.champion)
        most = self.champion.event_weights[heaviest]
        weights = {
            name[len(OF_TYPE) :]: _short(value * most) for name, value in parameters.items() if name.startswith(OF_TYPE)
        }
        others = {name: value for name, value in parameters.items() if not name.startswith(OF_TYPE)}
        whole = {name for name, each in self.ranges.items() if each.is_whole}
        others = {name: int(value) if name in whole else _short(value) for name, value in others.items()}
        stated = self.champion.as_mapping()
        return FactorConfiguration.from_mapping(
            {**stated, **others, EVENT_WEIGHTS: {**stated[EVENT_WEIGHTS], **weights}}, settings
        )


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _heaviest(configuration: FactorConfiguration) -> str:
    weights = configuration.event_weights
    return max(sorted(weights), key=lambda name: weights[name])
