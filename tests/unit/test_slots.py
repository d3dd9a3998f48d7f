import pytest

from overture.core.slots import SlotError, TitleRules, fill, readable_size, readable_title, slots_in
from overture.languages import figures_for

SHOP = TitleRules(words={"frzn": "frozen", "bbq": "BBQ", "dnrs": "dinners"}, cut_length=30)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("ICE - CRUSHED/CUBED", "Ice - Crushed/Cubed"),
        ("YOGURT NOT MULTI-PACKS", "Yogurt not Multi-Packs"),
        ("TOILET TISSUE 12PK", "Toilet Tissue 12pk"),
        ("WOMEN'S SHOES", "Women's Shoes"),
        ("iPhone 15 Case", "iPhone 15 Case"),
        ("ÉPICES & CRÈME", "Épices & Crème"),
        ("THE BEST OF THE WEST", "The Best of the West"),
        ("  ICE \t\n CREAM ", "Ice Cream"),
        ("日本茶", "日本茶"),
        ("7UP", "7up"),
    ],
)
def test_a_title_does_not_shout_and_keeps_its_own_letters(raw: str, read: str) -> None:
    assert readable_title(raw) == read


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("FRZN MEAT DNRS", "Frozen Meat Dinners"),
        ("BBQ SAUCE", "BBQ Sauce"),
        ("SOFT DRINKS 12/18&15PK CAN CAR", "Soft Drinks 12/18&15pk Can"),
        ("CANDY BARS (SINGLES)(INCLUDING", "Candy Bars (Singles)"),
        ("FRZN BAGGED VEGETABLES - PLAIN", "Frozen Bagged Vegetables"),
        ("SUPERCALIFRAGILISTICEXPIALIDOC", "Supercalifragilisticexpialidoc"),
    ],
)
def test_abbreviations_are_written_out_and_the_stump_of_a_cut_title_is_dropped(raw: str, read: str) -> None:
    assert readable_title(raw, SHOP) == read


@pytest.mark.parametrize("raw", ["WORD " * 40, "Word " * 40, "W" * 200])
def test_an_endless_title_ends_with_an_ellipsis(raw: str) -> None:
    title = readable_title(raw, TitleRules(longest=20))
    assert title.endswith("…")
    assert 12 < len(title) <= 20


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


def test_a_slot_without_a_value_is_not_left_open() -> None:
    with pytest.raises(SlotError, match="no value for size"):
        fill("{title} in {size}.", {"title": "Ice", "size": ""})


@pytest.mark.parametrize("draft", ["{title", "title}", "{Title}", "{ title }", "{{title}}", "{}", "{title!r}"])
def test_a_brace_that_opens_no_slot_is_refused(draft: str) -> None:
    with pytest.raises(SlotError):
        slots_in(draft)
