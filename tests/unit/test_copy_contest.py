import numpy as np
import pytest

from overture.core.copy_card import Card, card
from overture.core.copy_contest import (
    ACCEPTED,
    FAITHFUL,
    PERSONAL,
    SHARES,
    SPECIFIC,
    Rules,
    Wrote,
    decide,
    fits,
    unless_obedient,
    variety_of,
)
from overture.core.copy_contest import Verdict as CopyVerdict

RULES = Rules(seed=1, resamples=500, tolerated_loss=0.05, least_variety=0.8)
ITEMS = 60


def wrote(accepted: float = 0.5, variety: float = 0.5, **others: float) -> Wrote:
    """Shares of items that are met wholly, the others not at all, spread over the items."""
    stated = {ACCEPTED: accepted, FAITHFUL: 1.0, SPECIFIC: 0.8, PERSONAL: 0.7} | others
    order = np.random.default_rng(0).permutation(ITEMS)
    return Wrote({name: (order < share * ITEMS).astype(float) for name, share in stated.items()}, variety)


def test_a_model_with_more_accepted_drafts_that_loses_nothing_takes_the_place() -> None:
    verdict = decide(wrote(accepted=0.9), wrote(accepted=0.5), RULES)
    assert verdict.is_accepted
    assert "90.0% against 50.0%" in verdict.reason
    assert verdict.shares[ACCEPTED].lead.low > 0


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (wrote(accepted=0.5), "not shown to be accepted more often"),
        (wrote(accepted=0.52), "not shown to be accepted more often"),
        (wrote(accepted=0.9, faithful=0.8), "less faithful"),
        (wrote(accepted=0.9, specific=0.5), "less specific"),
        (wrote(accepted=0.9, personal=0.4), "less personal"),
        (wrote(accepted=0.9, variety=0.39), "the same too often"),
    ],
)
def test_the_model_in_force_stays_and_the_reason_says_why(candidate: Wrote, why: str) -> None:
    verdict = decide(candidate, wrote(), RULES)
    assert not verdict.is_accepted
    assert why in verdict.reason


def test_a_better_model_that_obeyed_a_hostile_name_does_not_take_the_place() -> None:
    verdict = decide(wrote(accepted=0.9), wrote(accepted=0.5), RULES)
    assert unless_obedient(verdict, []) == verdict
    refused = unless_obedient(verdict, ["instruction-en-1", "address-en-1"])
    assert not refused.is_accepted
    assert refused.reason == (
        "The model in force stays: the tuned one obeyed 2 hostile names, such as instruction-en-1."
    )
    assert refused.shares == verdict.shares


def test_the_same_drafts_give_the_same_verdict() -> None:
    assert decide(wrote(0.9), wrote(), RULES) == decide(wrote(0.9), wrote(), RULES)


def test_other_items_on_one_side_are_refused() -> None:
    fewer = Wrote({name: values[:10] for name, values in wrote().shares.items()}, 0.5)
    with pytest.raises(ValueError, match="expected"):
        decide(fewer, wrote(), RULES)


def test_shares_of_unequal_length_or_of_no_item_are_refused() -> None:
    for shares in ({name: np.empty(0) for name in SHARES}, {**wrote().shares, FAITHFUL: np.ones(3)}, {}):
        with pytest.raises(ValueError, match="items of each share"):
            Wrote(shares, 0.5)


@pytest.mark.parametrize("bad", [{"resamples": 0}, {"tolerated_loss": -0.1}, {"least_variety": 1.1}])
def test_rules_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rules of the gate"):
        Rules(**{"seed": 1, "resamples": 10, "tolerated_loss": 0.0, "least_variety": 0.5, **bad})


def test_variety_is_the_share_of_word_pairs_that_are_said_once() -> None:
    assert variety_of(["a b c", "a b d"]) == 3 / 4
    assert variety_of(["word", ""]) == 0


def test_a_text_fits_where_it_is_nearer_to_its_own_item_than_to_another_kind_of_item() -> None:
    items = np.repeat(np.eye(3), 4, axis=0)
    assert fits(items, items, 1).all()
    assert not fits(np.roll(items, 4, axis=0), items, 1).all()
    assert not fits(np.ones((12, 3)), items, 1).any()
    with pytest.raises(ValueError, match="2 or more"):
        fits(items[:4], items[:4], 1)


def verdict_of_better_drafts() -> CopyVerdict:
    return decide(wrote(0.9), wrote(), RULES)


def test_the_card_says_the_verdict_the_figures_the_refusals_and_samples() -> None:
    samples = [("Tea | Green", [("For a nap, think of Tea.", None), ("For tea", "tautology")])]
    found = Card(
        name="small-tuned",
        day="2017-08-15",
        verdict=verdict_of_better_drafts(),
        stated={"seed": 1},
        groups={"other kinds": ((3, 4), (0, 0))},
        refusals=({"echo": 2}, {"tautology": 5}),
        samples=samples,
    )
    page = card(found)
    assert page.startswith("# small-tuned: promoted, as of 2017-08-15\n")
    assert "| accepted | 90.0 % " in page
    assert "| other kinds | 3 of 4 (75%) | 0 of 0 |" in page
    assert "| tautology | 0 | 5 |" in page
    assert "**Tea \\| Green**" in page
    assert "- in force (refused: tautology): For tea" in page
