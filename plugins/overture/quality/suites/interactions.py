"""What must hold for the weighted interactions of a day, the input of training; one row in all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import at_least, equal, none_of

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `audits.interactions`."""
    return [
        at_least("there_are_enough_interactions", "interactions_with_weight", limits["least_interactions"]),
        none_of("one_row_per_user_and_item", "repeated_pairs"),
        none_of("ids_are_not_null", "null_ids"),
        none_of("weights_are_finite_and_not_negative", "bad_weights"),
        none_of("weights_before_the_holdout_are_finite_and_not_negative", "bad_weights_before_holdout"),
        none_of("held_out_counts_are_part_of_the_events", "bad_held_out_counts"),
        none_of("nothing_happens_after_the_day", "dated_after_day"),
        none_of("first_event_is_not_after_the_last", "reversed_times"),
        equal("every_landed_event_is_cleaned_once", "cleaned_events", "landed_events"),
        equal("every_weighted_event_is_counted_once", "counted_events", "weighted_events"),
    ]
