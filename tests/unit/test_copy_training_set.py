import pytest

from overture.configuration import load_config
from overture.core.copy_training_set import (
    Example,
    fingerprint_of,
    is_held_out,
    item_key,
    mixed,
    replies,
    shelf_of,
    shelves_of,
    spelt_out,
)
from overture.core.prompts import own_words, with_words
from overture.message_plans import prompt_of

SHELVES = shelves_of(load_config("copy_phrases"))
KEYS = [f"item {number} | shelf" for number in range(2000)]


def example(name: str) -> Example:
    return Example(name, (("user", "Item"),), f"{name}?")


def test_every_way_to_go_on_is_spelt_out() -> None:
    assert spelt_out("plain") == ["plain"]
    assert spelt_out("{a|the} {day|hot night}") == ["a day", "a hot night", "the day", "the hot night"]


def test_every_phrase_that_ships_fits_the_grammar_of_every_opening() -> None:
    prompt = prompt_of("prompt")
    slots = ["title", "price", "size", "reason_item"]
    phrases = [phrase for shelf in SHELVES for phrase in shelf.phrases]
    assert len(phrases) > 800
    unfit = [
        phrase
        for phrase in phrases
        if any(own_words(prompt, slots, with_words(opening, phrase)) != phrase for opening in prompt.openings)
    ]
    assert unfit == []


def test_no_phrase_that_ships_stands_on_a_shelf_twice() -> None:
    assert [shelf.marks for shelf in SHELVES if len(set(shelf.phrases)) < len(shelf.phrases)] == []


@pytest.mark.parametrize(
    ("category", "title", "phrase"),
    [
        ("BAKED BREAD/BUNS/ROLLS", "MAINSTREAM WHITE BREAD", "lunches"),
        ("HOT DOGS", "HOT DOGS-BEEF", "campfire roast"),
        ("DOG FOODS", "DRY DOG FOOD", "tail"),
        (None, "ICE CREAM SANDWICHES", "a sundae"),
    ],
)
def test_an_item_stands_on_the_first_shelf_that_its_category_or_else_its_title_names(
    category: str | None, title: str, phrase: str
) -> None:
    shelf = shelf_of(SHELVES, category, title)
    assert shelf is not None
    assert any(phrase in each for each in shelf.phrases)


def test_an_item_of_no_known_kind_stands_on_no_shelf() -> None:
    assert shelf_of(SHELVES, "🎁", "") is None


@pytest.mark.parametrize(
    "config", [{}, {"shelves": [{"words": ["tea"], "phrases": []}]}, {"shelves": [{"words": [""], "phrases": ["a"]}]}]
)
def test_a_shelf_without_words_or_phrases_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected: "):
        shelves_of(config)


def test_the_stated_share_of_items_is_held_out_and_others_change_nothing() -> None:
    held = [key for key in KEYS if is_held_out(key, 1, 0.2)]
    assert 320 < len(held) < 480
    assert [key for key in KEYS[:100] if is_held_out(key, 1, 0.2)] == [key for key in held if key in KEYS[:100]]
    assert held != [key for key in KEYS if is_held_out(key, 2, 0.2)]


def test_items_that_the_model_cannot_tell_apart_are_held_out_together() -> None:
    assert item_key("WHITE  BREAD", "Bread ") == item_key("white bread", "BREAD")
    assert item_key("a", None) != item_key("a", "b")


def test_replies_are_the_same_each_time_other_ones_for_another_item_and_each_phrase_comes_once() -> None:
    phrases = [f"phrase {number}" for number in range(20)]
    found = list(replies(["A", "B"], phrases, "tea | drinks", 1))
    assert found == list(replies(["A", "B"], phrases, "tea | drinks", 1))
    assert found != list(replies(["A", "B"], phrases, "ham | meats", 1))
    assert sorted(phrase for _, phrase in found) == sorted(phrases)
    assert {opening for opening, _ in found} == {"A", "B"}


def test_past_drafts_are_at_most_their_share_of_the_set() -> None:
    written, past = [example(f"w{n}") for n in range(30)], [example(f"p{n}") for n in range(30)]
    found = mixed(written, past, 0.25, 1)
    assert sum(each in past for each in found) == 10
    assert len(found) == 40
    assert found == mixed(written, past, 0.25, 1)
    assert len(mixed(written, past[:2], 0.25, 1)) == 32
    with pytest.raises(ValueError, match="most_past_share"):
        mixed(written, past, 1.0, 1)


def test_the_fingerprint_changes_with_a_reply_and_with_the_order() -> None:
    one, other = example("one"), example("other")
    prints = [fingerprint_of(each) for each in ([one, other], [other, one], [one], [one, other])]
    assert prints[0] == prints[3]
    assert len(set(prints)) == 3
