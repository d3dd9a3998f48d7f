import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from overture.configuration import load_config
from overture.core.external_text import MOST_MARKS, shown, told, twins_of

TWINS = twins_of(load_config("look_alikes"))
STRANGE = (
    "".join(TWINS)
    + "\u0300\u0301\u0323\u0345\u20dd\u200b\u200d\u202e\u2067\ufe0f\u3164\uffa0\uff21\ufb01\ufdfa\u1161\u3099\uff9e"
)
names = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.sampled_from(STRANGE + "aZ \t5{<"), max_size=30),
    st.text(min_size=990, max_size=1100),
)


@given(names)
def test_what_is_shown_reads_the_same_twice(name: str) -> None:
    once = shown(name, TWINS)
    assert shown(once, TWINS) == once


@given(names)
def test_what_a_model_is_told_reads_the_same_twice(name: str) -> None:
    assert told(told(name)) == told(name)


@given(names)
def test_what_is_shown_is_one_line_that_holds_nothing_invisible(name: str) -> None:
    text = shown(name, TWINS)
    assert text.isprintable()
    assert text == " ".join(text.split()) == unicodedata.normalize("NFC", text)
    runs = "".join("m" if unicodedata.category(character) == "Mn" else " " for character in text).split()
    assert all(len(run) <= MOST_MARKS for run in runs)


@given(names)
def test_what_a_model_is_told_is_letters_digits_and_plain_punctuation(name: str) -> None:
    assert all(character.isalnum() or character in " &'.,%+/-" for character in told(name))


@given(st.text(max_size=60), st.integers(0, 60))
def test_a_zero_width_character_anywhere_changes_nothing(name: str, place: int) -> None:
    name = unicodedata.normalize("NFC", name)
    assert shown(name[:place] + "\u200b" + name[place:], TWINS) == shown(name, TWINS)
