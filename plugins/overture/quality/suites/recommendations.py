"""What must hold for the ranked recommendations of a day; one row in all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import at_least, none_of, not_above

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `audits.recommendations`."""
    return [
        none_of("one_row_per_user_task_and_rank", "repeated_ranks"),
        none_of("ranks_count_from_1_without_gaps", "broken_lists"),
        not_above("ranks_end_at_the_configured_length", "largest_rank", "list_length"),
        none_of("no_item_twice_for_a_user", "repeated_items"),
        none_of("new_items_were_never_bought_and_others_were", "misplaced_items"),
        none_of("only_available_items", "unavailable_items"),
        none_of("only_items_that_may_be_promoted", "items_not_to_promote"),
        none_of("only_items_that_have_a_name", "nameless_items"),
        none_of("only_eligible_users", "ineligible_users"),
        at_least("eligible_users_are_covered", "coverage", limits["least_coverage"]),
        none_of("only_known_strategies", "unknown_strategies"),
        none_of("no_rung_fills_more_than_its_share", "overfull_rungs"),
        none_of("propensities_are_probabilities", "bad_propensities"),
        none_of("scores_are_finite_and_fall_with_rank", "bad_scores"),
        none_of("reasons_are_items_of_the_users_history", "unfounded_reasons"),
        none_of("what_was_learnt_is_explained", "unexplained_rows"),
        none_of("every_row_names_its_model_version", "unversioned_rows"),
    ]
