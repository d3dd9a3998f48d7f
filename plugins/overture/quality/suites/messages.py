"""What must hold for the messages of a day and their claims; one row in all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overture.quality.suites.expectations import equal, none_of, not_above

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def expectations(limits: Mapping[str, Any]) -> "list[Expectation]":
    """Return the suite; the quantities are those of `audits.messages`."""
    return [
        equal("as_many_messages_as_requested", "messages", "requested_messages"),
        none_of("one_message_per_user", "repeated_users"),
        none_of("only_eligible_users_with_consent", "users_not_to_address"),
        none_of("the_item_is_among_the_first_recommended_to_the_user", "items_not_recommended_first"),
        none_of("no_text_is_blank", "blank_texts"),
        none_of("lengths_are_in_range", "texts_of_bad_length"),
        none_of("every_slot_is_filled", "texts_with_braces"),
        none_of("every_text_has_a_claim", "texts_without_claims"),
        none_of("every_slot_of_a_draft_has_a_claim", "slots_without_claim"),
        none_of("every_claim_stands_in_its_text", "claims_not_in_text"),
        none_of("every_claim_belongs_to_a_message", "claims_without_message"),
        none_of("every_claim_names_a_cell_of_the_day", "claims_without_cell"),
        none_of("every_claim_says_what_its_cell_says", "claims_unlike_their_cell"),
        none_of("every_name_is_what_its_cells_say", "names_unlike_their_cells"),
        none_of("every_claim_is_about_the_item_or_its_reason", "claims_about_other_items"),
        none_of("every_offer_holds_for_its_reader_until_the_day_told", "offers_unlike_their_cell"),
        none_of("every_reason_was_bought_by_the_reader", "reasons_never_bought"),
        none_of("every_signature_is_the_reader_s_own", "messages_signed_otherwise"),
        none_of("every_number_stems_from_a_claim", "numbers_without_claim"),
        none_of("every_message_is_in_its_reader_s_locale", "messages_in_a_wrong_locale"),
        none_of("only_readers_of_other_languages_are_not_written_for", "readers_left_out"),
        none_of("nothing_recalled_is_said_again", "recalled_messages"),
        none_of("every_claim_in_words_has_a_row", "soft_claims_without_row"),
        none_of("every_claim_in_words_is_what_its_cell_says", "soft_claims_unlike_their_cell"),
        none_of("no_text_says_what_the_shop_knows_of_its_reader", "texts_with_own_fields"),
        none_of("engine_and_model_are_recorded", "unrecorded_engines"),
        none_of("only_known_rungs", "unknown_rungs"),
        none_of("every_draft_is_stored", "drafts_not_stored"),
        none_of("every_lower_rung_has_a_reason", "templates_without_reason"),
        none_of("no_canary_is_obeyed", "canaries_obeyed"),
        none_of("every_canary_is_answered", "canaries_unanswered"),
        not_above("template_share_is_below_its_ceiling", "template_messages", "allowed_template_messages"),
        not_above("texts_are_not_too_much_alike", "near_duplicate_messages", "allowed_near_duplicate_messages"),
    ]
