"""Every line of config/titles.toml says what its cells say: no word, figure or claim is there that they do not have."""

import re

import pytest

from overture.composing import draft_rules
from overture.configuration import load_config
from overture.core.external_text import shown
from overture.core.soft_claims import soft_claims_in
from overture.core.titles import CATEGORY, TITLE, hard_words, name_of, names_nothing, readable_title
from overture.message_plans import fact_rules

TITLES = load_config("titles")
RULES = fact_rules().titles
READINGS = [(title, "", reading) for title, reading in TITLES["readings"].items()]
SHELVES = [("", category, reading) for category, reading in TITLES["shelves"].items()]
COMPLETED = [
    (title, category, reading) for category, read in TITLES["completed"].items() for title, reading in read.items()
]
EVERY = pytest.mark.parametrize(("title", "category", "reading"), [*READINGS, *SHELVES, *COMPLETED])
JOINING = {"a", "and", "by", "etc", "except", "for", "from", "in", "not", "of", "on", "or", "the", "to", "with"}
# Of words whose letters are not in their order, or that stand for several.
STANDS_FOR = {
    "canned": "cans", "cnd": "cans", "ctlrytblclthstthpksst": "cutlery tablecloths toothpicks", "decors": "decorations",
    "dan": "danish", "iws": "individually wrapped slices", "mult": "multi", "tostado": "tostada",
    "xpctrnt": "expectorant",
}  # fmt: skip


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def stem(word: str) -> str:
    return re.sub(r"(?:ies|y|es|e|s|ed|ded)$", "", word)


def is_said(word: str, cells: list[str]) -> bool:
    """Say whether a word is one of the cells', in another number, or what one of them is short for or the start of."""
    if word in JOINING or any(stem(word) == stem(each) for each in cells):
        return True
    return any(re.match(".*".join(each), word) is not None for each in cells if len(each) > 1)


def written_out(title: str, category: str) -> list[str]:
    raw = words_of(f"{title} {category}")
    meant = [f"{TITLES['words'].get(word, word)} {STANDS_FOR.get(word, '')}" for word in raw]
    return raw + [word for phrase in meant for word in words_of(phrase)]


@EVERY
def test_no_reading_has_a_word_that_its_cells_do_not_have(title: str, category: str, reading: str) -> None:
    cells = written_out(title, category)
    glued = "".join(words_of(title))
    assert [word for word in words_of(reading) if not is_said(word, cells) and stem(word) not in glued] == []


@EVERY
def test_no_reading_has_a_figure_that_its_cells_do_not_have(title: str, category: str, reading: str) -> None:
    assert set(re.findall(r"\d+", reading)) <= set(re.findall(r"\d+", f"{title} {category}"))


@EVERY
def test_no_reading_makes_a_claim_that_its_cells_do_not_make(title: str, category: str, reading: str) -> None:
    lexicon = draft_rules().lexicon
    made = {claim.name for claim in soft_claims_in(" ".join(written_out(title, category)), lexicon)}
    assert {claim.name for claim in soft_claims_in(reading, lexicon)} <= made


@EVERY
def test_every_reading_can_be_read(title: str, category: str, reading: str) -> None:
    assert reading == readable_title(reading)
    assert not names_nothing(reading, RULES)
    assert not hard_words(reading)
    assert len(reading) <= 60


@EVERY
def test_every_key_is_a_cell_as_it_is_looked_up(title: str, category: str, reading: str) -> None:
    assert (shown(title), shown(category)) == (title, category)
    assert reading not in (title, category)


def test_every_reading_is_what_its_item_is_called() -> None:
    assert [title for title, _, reading in READINGS if name_of(title, None, RULES) is None] == []
    for title, category, reading in COMPLETED:
        name = name_of(title, category, RULES)
        assert name is not None
        assert (name.text, name.columns) == (reading, (TITLE, CATEGORY))


def test_no_reading_stands_where_the_rules_say_the_same() -> None:
    bare = RULES.__class__(**{**vars(RULES), "readings": {}})
    assert [title for title, _, reading in READINGS if readable_title(title, bare) == reading] == []


def test_no_written_out_word_is_still_short() -> None:
    assert [word for word, meant in TITLES["words"].items() if hard_words(meant)] == []
