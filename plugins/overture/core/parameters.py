"""Checks of the numbers that a strategy is made with, so that a bad one is refused before anything is fitted."""

import math


def need_whole(name: str, value: object, least: int) -> None:
    """Raise ValueError unless the value is a whole number of at least `least`; True and False are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name}; expected: a whole number, {least} or more; got: {value!r}")


def need_number(name: str, value: object, least: float, most: float = math.inf) -> None:
    """Raise ValueError unless the value is a finite number from `least` to `most`; True and False are no numbers."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        upper = "or more" if math.isinf(most) else f"to {most:g}"
        raise ValueError(f"{name}; expected: a finite number, {least:g} {upper}; got: {value!r}")


def need_one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name}; expected: {', '.join(choices)}; got: {value!r}")
