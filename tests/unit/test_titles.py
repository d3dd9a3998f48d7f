import pytest

from overture.configuration import load_config
from overture.core.titles import Name, TitleRules, hard_words, name_of, nameless_of, names_nothing, readable_title

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


RULES = TitleRules(
    words={"whl": "whole"},
    left_out={"bulk", "misc", "primal", "other"},
    heads={"apples"},
    nameless={"lean", "premium", "primal", "misc", "other", "pails", "butts"},
    after={"pails", "butts"},
    readings={"FLUID MILK WHITE ONLY": "Milk"},
    shelves={"ICE CREAM/SHERBTS": "Ice Cream or Sherbet"},
    completed={"PORK": {"DRY": "Dry Salted Pork"}},
)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("APPLES GALA (BULK&BAG)", "Gala Apples"),
        ("APPLES WHL", "Whole Apples"),
        ("APPLES ON THE VINE", "Apples on the Vine"),
        ("APPLES/PEARS", "Apples/Pears"),
        ("APPLES OTHER", "Apples"),
        ("SANDWICHES&HANDHELDS", "Sandwiches & Handhelds"),
        ("M&M'S", "M&M's"),
        ("MEAT:HAM BULK", "Meat: Ham"),
        ("CANDY (NOT LIF", "Candy"),
        ("MISC. HAIR BOWS", "Hair Bows"),
        ("Apples Gala Bulk", "Apples Gala Bulk"),
    ],
)
def test_a_title_is_said_as_people_say_it(raw: str, read: str) -> None:
    assert readable_title(raw, RULES) == read


@pytest.mark.parametrize(
    ("title", "category", "read", "cells"),
    [
        ("LEAN", "BEEF", "Lean Beef", "title category"),
        ("BUTTS", "PORK", "Pork Butts", "title category"),
        ("PREMIUM PAILS", "ICE CREAM/SHERBTS", "Ice Cream or Sherbet Premium Pails", "title category"),
        ("DRY", "PORK", "Dry Salted Pork", "title category"),
        ("PRIMAL", "BEEF", "Beef", "category"),
        ("OTHER", "BEEF", "Beef", "category"),
        ("XPCTRNT", "COUGH", "Xpctrnt Cough", "title category"),
        ("\u200b", "FRZN ICE", "Frzn Ice", "category"),
        (None, "BEEF", "Beef", "category"),
        ("\U0001f355", "PIZZA", "\U0001f355 Pizza", "title category"),
        ("FLUID MILK WHITE ONLY", "LEAN", "Milk", "title"),
        ("LEAN GROUND BEEF", "MISC", "Lean Ground Beef", "title"),
        ("\u65e5\u672c\u8336", None, "\u65e5\u672c\u8336", "title"),
        ("BMW", None, "Bmw", "title"),
    ],
)
def test_what_names_nothing_is_completed_by_its_category(
    title: str | None, category: str | None, read: str, cells: str
) -> None:
    assert name_of(title, category, RULES) == Name(read, tuple(cells.split()))


@pytest.mark.parametrize("title", ["LEAN", "PRIMAL", "XPCTRNT", "\u200b", "\U0001f355\ufe0f", "12/18", "", None])
@pytest.mark.parametrize("category", [None, "", "\u200b\u3164", "OTHER", "PREMIUM", "\U0001f355", "4"])
def test_what_neither_cell_names_has_no_name(title: str | None, category: str | None) -> None:
    assert name_of(title, category, RULES) is None
    assert nameless_of([(title, category), ("TEA", category)] * 2, RULES) == [(title or "", category or "")]


def test_a_completed_title_is_cut_like_another() -> None:
    name = name_of("LEAN", "BEEF " * 30, TitleRules(nameless={"lean"}, longest=20))
    assert name == Name("Lean Beef Beef Beef\u2026", ("title", "category"))


def test_a_word_without_a_vowel_names_nothing_unless_it_is_written_out() -> None:
    assert names_nothing("Plstc Ctlr", RULES)
    assert not names_nothing("Rye", RULES)
    assert hard_words("Frzn Rye BBQ Dnrs") == ["frzn", "dnrs"]


def test_a_shop_that_cuts_no_titles_states_no_length_and_keeps_every_word() -> None:
    stated = load_config("titles")
    rules = TitleRules.from_config(
        stated | {"rules": {key: value for key, value in stated["rules"].items() if key != "cut_length"}},
        {"latin": {}},
        100,
    )
    assert len(title := "HOSHINO SENCHA SPRING TEA LEAF") == stated["rules"]["cut_length"]
    assert readable_title(title, rules) == "Hoshino Sencha Spring Tea Leaf"
    assert readable_title(title, TitleRules.from_config(stated, {"latin": {}}, 100)) == "Hoshino Sencha Spring Tea"
