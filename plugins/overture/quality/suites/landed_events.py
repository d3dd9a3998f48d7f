"""What must hold for the files of a day once they are landed; one row per entity."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import between, equal, none_of, not_above, not_below

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `audits.landed`."""
    return [
        not_below("every_entity_has_its_files", "files", "least_files"),
        none_of("no_file_is_recorded_twice", "repeated_files"),
        none_of("every_file_has_a_sha256", "files_without_sha256"),
        equal("rows_equal_the_landing_record", "row_count", "recorded_rows"),
        not_below("the_day_has_events", "row_count", "least_rows"),
        not_above("quarantined_share_is_allowed", "quarantined_share", "allowed_share"),
        not_above("quarantined_share_of_history_is_allowed", "history_quarantined_share", "allowed_share"),
        equal("quarantined_rows_equal_the_landing_record", "quarantined_rows", "recorded_quarantined_rows"),
        none_of("required_columns_are_not_null", "null_keys"),
        none_of("keys_are_unique", "repeated_keys"),
        none_of("nothing_happens_after_the_day_or_ends_before_it_starts", "impossible_dates"),
        between("the_day_is_not_far_from_the_usual", "times_usual_rows", *limits["times_usual_rows"]),
    ]
