import pytest

from overture.core.slots import SlotError, fill, readable_size, slots_in
from overture.languages import figures_for


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("22 LB", "22 lb"),
        ("750 ML", "750 ml"),
        (".13 OZ", "0.13 oz"),
        ("2 L", "2 L"),
        ("148.5 SQ FT", "148.5 sq ft"),
        ("64  OZ", "64 oz"),
        ("0 OZ", None),
        ("L 13.25 OZ", None),
        ("971150  PK", None),
        ("3 LB/CS", None),
        ("\uff11\uff12 LB", None),
        ("\u0661\u0662 LB", None),
        ("SFT", None),
        ("12 FROGS", None),
        ("", None),
        (None, None),
    ],
)
def test_a_size_is_shown_only_where_it_is_a_number_and_a_known_unit(raw: str | None, read: str | None) -> None:
    assert readable_size(raw, figures_for("en_US")) == read


def test_a_filled_text_has_single_spaces() -> None:
    assert fill("Try  {title} \n today.", {"title": "Ice"}) == "Try Ice today."


def test_a_title_with_braces_opens_no_slot() -> None:
    values = {"title": "{{ price }} {price} {reason_item}", "price": "$1.00"}
    assert fill("{title} costs {price}.", values) == "{{ price }} {price} {reason_item} costs $1.00."


def test_a_title_that_ends_its_sentence_gets_no_second_full_stop() -> None:
    assert fill("Try {title}.", {"title": "Cakes & Co."}) == "Try Cakes & Co."


@pytest.mark.parametrize(
    ("draft", "title", "filled"),
    [
        ("Have the {title}.", "The Best of the West", "Have The Best of the West."),
        ("Have a {title}.", "A Pie", "Have A Pie."),
        ("The {title} for an evening.", "An Apple", "An Apple for an evening."),
        ("Have the {title}.", "Theatre Popcorn", "Have the Theatre Popcorn."),
        ("Breathe {title}.", "The Air", "Breathe The Air."),
    ],
)
def test_an_article_is_not_said_twice(draft: str, title: str, filled: str) -> None:
    assert fill(draft, {"title": title}) == filled


def test_a_slot_without_a_value_is_not_left_open() -> None:
    with pytest.raises(SlotError, match="no value for size"):
        fill("{title} in {size}.", {"title": "Ice", "size": ""})


@pytest.mark.parametrize("draft", ["{title", "title}", "{Title}", "{ title }", "{{title}}", "{}", "{title!r}"])
def test_a_brace_that_opens_no_slot_is_refused(draft: str) -> None:
    with pytest.raises(SlotError):
        slots_in(draft)
