"""What must hold for the marts that ranking and copy read; one row in all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import at_least, at_most, none_of, not_below

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `audits.marts`."""
    return [
        at_least("there_are_available_items", "available_items", limits["least_available_items"]),
        none_of("one_row_of_facts_per_item", "repeated_items"),
        none_of("items_have_a_title", "untitled_items"),
        none_of("prices_are_not_negative", "negative_prices"),
        none_of("prices_have_a_currency", "prices_without_currency"),
        at_most(
            "items_that_were_bought_have_facts",
            "share_of_bought_items_without_facts",
            limits["largest_share_without_facts"],
        ),
        none_of("facts_are_not_dated_after_the_day", "facts_dated_after_day"),
        none_of("offers_are_valid_on_the_day", "invalid_offers"),
        none_of("one_row_per_offer_and_item", "repeated_offers"),
        none_of("shares_of_spend_are_within_0_and_1", "impossible_shares"),
        none_of("shares_of_spend_do_not_sum_above_1", "shares_above_whole"),
        none_of("one_preference_per_user_kind_and_rank", "repeated_preference_ranks"),
        none_of("one_row_of_audience_per_user", "repeated_users"),
        at_most(
            "users_who_bought_are_in_the_audience",
            "share_of_buyers_without_audience",
            limits["largest_share_without_facts"],
        ),
        none_of("eligible_users_have_consent", "eligible_without_consent"),
        none_of("eligible_users_were_active_lately", "eligible_not_active_lately"),
        not_below("there_are_eligible_users_once_somebody_consented", "eligible_users", "required_eligible_users"),
    ]
