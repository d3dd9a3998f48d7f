"""What must hold for the trained factors of a day; one row for users and one for items."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import at_least, at_most, equal, none_of

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `factor_audit.measure_factors`."""
    return [
        equal("one_factor_row_per_id", "factor_rows", "ids"),
        equal("ids_equal_those_of_the_interactions", "ids", "trained_ids"),
        equal("dimensions_equal_the_configured", "dimensions", "configured_dimensions"),
        none_of("factors_are_finite", "non_finite_values"),
        at_most("norms_are_not_too_large", "largest_norm", limits["largest_norm"]),
        at_least("norms_do_not_vanish_all_together", "median_norm", limits["least_median_norm"]),
        none_of("ids_are_unique_and_sorted", "ids_out_of_order"),
        none_of("the_artifact_is_what_its_manifest_says", "altered_files"),
        none_of("the_artifact_is_of_the_day", "days_off"),
        equal("trained_on_every_interaction", "input_rows", "interactions"),
    ]
