"""What factors are made with: the parameters of ALS, how fast events fade, and what an event of each type weighs."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from overture.adapters.als import AlsParameters
from overture.adapters.artifacts import version_of
from overture.adapters.sources import load_source
from overture.configuration import load_config
from overture.core.strategies import Strategy
from overture.errors import SettingsError
from overture.settings import Settings

HALF_LIFE: Final = "half_life_days"
EVENT_WEIGHTS: Final = "event_weights"


@dataclass(frozen=True)
class FactorConfiguration:
    """parameters: of the fit. half_life_days: a whole number from 1. event_weights: of each of the source's types."""

    parameters: AlsParameters
    half_life_days: int
    event_weights: Mapping[str, float]

    @classmethod
    def from_files(cls, settings: Settings) -> "FactorConfiguration":
        """Return what als.toml, interactions.toml and the source state; als.toml may state all of it, and then wins."""
        return cls.from_mapping({HALF_LIFE: load_config("interactions")[HALF_LIFE], **load_config("als")}, settings)

    @classmethod
    def from_json(cls, text: str, settings: Settings) -> "FactorConfiguration":
        """Return what `as_json` wrote; raise SettingsError for anything else."""
        try:
            stated = json.loads(text)
        except ValueError as error:
            raise SettingsError("bad parameters", expected="JSON", got=error) from error
        if not isinstance(stated, dict):
            raise SettingsError("bad parameters", expected="a JSON object", got=type(stated).__name__)
        return cls.from_mapping(stated, settings)

    @classmethod
    def from_mapping(cls, stated: Mapping[str, Any], settings: Settings) -> "FactorConfiguration":
        """Return the configuration, with the source's types: one unknown to it is left out, a new one has its weight.

        Raises SettingsError for a value that is missing, negative or otherwise out of range.
        """
        half_life, weights = stated.get(HALF_LIFE), stated.get(EVENT_WEIGHTS, {})
        if isinstance(half_life, bool) or not isinstance(half_life, int) or half_life < 1:
            raise SettingsError("bad parameter", where=HALF_LIFE, expected="a whole number above 0", got=half_life)
        if not isinstance(weights, Mapping) or not all(map(_is_weight, weights.values())):
            raise SettingsError(
                "bad parameter", where=EVENT_WEIGHTS, expected="a number of 0 or more for each type", got=weights
            )
        types = load_source(settings.source).event_weights
        chosen = {name: float(weights.get(name, weight)) for name, weight in types.items()}
        return cls(AlsParameters.from_config(stated), half_life, chosen)

    def as_mapping(self) -> dict[str, Any]:
        """Return all of it by name, as `from_mapping` takes it."""
        return {
            **self.parameters.as_mapping(),
            HALF_LIFE: self.half_life_days,
            EVENT_WEIGHTS: dict(sorted(self.event_weights.items())),
        }

    def as_json(self) -> str:
        """Return all of it on one line, equal for equal configurations."""
        return json.dumps(self.as_mapping(), sort_keys=True)

    def as_toml(self) -> str:
        """Return all of it as it may stand in config/als.toml."""
        stated = self.as_mapping()
        weights = stated.pop(EVENT_WEIGHTS)
        # A JSON text of these characters is a TOML text, and so are its numbers.
        lines = [f"{name} = {value!r}" for name, value in stated.items()]
        lines += ["", f"[{EVENT_WEIGHTS}]", *(f"{json.dumps(name)} = {value!r}" for name, value in weights.items())]
        return "\n".join(lines) + "\n"

    def given_to(self, strategy: Strategy) -> Strategy:
        """Return the strategy with these parameters, where it has fields `factor_parameters` or `half_life_days`."""
        if not dataclasses.is_dataclass(strategy):
            return strategy
        ours = {"factor_parameters": self.parameters, HALF_LIFE: self.half_life_days}
        known = {field.name for field in dataclasses.fields(strategy)}
        return dataclasses.replace(strategy, **{name: value for name, value in ours.items() if name in known})

    @property
    def version(self) -> str:
        """12 hexadecimal characters that differ when anything above does."""
        return version_of(self.as_mapping())


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
