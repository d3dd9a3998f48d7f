"""Faults of trained factors, each with the expectation that has to see it."""

from collections.abc import Callable
from typing import Any

import numpy as np

Change = Callable[[dict[str, Any], dict[str, Any]], None]
"""Spoils a day's arrays and the manifest that is written beside them."""


def spoil(array: str, value: object, at: object = ...) -> Change:
    def change(arrays: dict[str, Any], _manifest: dict[str, Any]) -> None:
        arrays[array][at] = value

    return change


def cut(*names: str) -> Change:
    def change(arrays: dict[str, Any], _manifest: dict[str, Any]) -> None:
        arrays.update({name: arrays[name][1:] for name in names})

    return change


def widen(arrays: dict[str, Any], _manifest: dict[str, Any]) -> None:
    arrays["item_factors"] = np.hstack([arrays["item_factors"], arrays["item_factors"]])


def misdate(_arrays: dict[str, Any], manifest: dict[str, Any]) -> None:
    manifest["data_day"] = "2017-11-27"


def miscount(_arrays: dict[str, Any], manifest: dict[str, Any]) -> None:
    manifest["input"]["rows"] -= 1


def drop_items(arrays: dict[str, Any], _manifest: dict[str, Any]) -> None:
    del arrays["item_factors"]


FACTOR_FAULTS: list[tuple[str, str, Change]] = [
    ("one_factor_row_per_id", "no factors of items", drop_items),
    ("one_factor_row_per_id", "a row without an id", cut("user_ids")),
    ("ids_equal_those_of_the_interactions", "an item left out", cut("item_ids", "item_factors")),
    ("dimensions_equal_the_configured", "twice the dimensions", widen),
    ("factors_are_finite", "a nan", spoil("item_factors", np.nan, (0, 0))),
    ("factors_are_finite", "an infinity", spoil("user_factors", np.inf, (0, 0))),
    ("norms_are_not_too_large", "a diverged row", spoil("user_factors", 1e6, 0)),
    ("norms_do_not_vanish_all_together", "no lengths", spoil("item_factors", 0.0)),
    ("ids_are_unique_and_sorted", "an id twice", spoil("item_ids", "item-0", 1)),
    ("ids_are_unique_and_sorted", "ids out of order", spoil("user_ids", "zoe", 0)),
    ("the_artifact_is_of_the_day", "another day's manifest", misdate),
    ("trained_on_every_interaction", "an interaction left out", miscount),
]
