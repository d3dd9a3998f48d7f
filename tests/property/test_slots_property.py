import re

from hypothesis import given
from hypothesis import strategies as st

from overture.core.prompts import safe_name
from overture.core.slots import SLOTS, SlotError, fill, slots_in
from overture.core.titles import name_of, readable_title
from overture.message_plans import fact_rules

names = st.text(min_size=1, max_size=60).map(readable_title).filter(bool)
without_article = names.filter(lambda name: not re.match("(?:the|an?) ", name, re.IGNORECASE))
cells = st.one_of(st.none(), st.text(max_size=60), st.text("APLSN &/:-()", max_size=60))
words = st.text(alphabet="abcdefghij ,.", max_size=20)
drafts = st.lists(st.one_of(words, st.sampled_from([f"{{{slot}}}" for slot in SLOTS])), max_size=8).map("".join)


@given(drafts, st.fixed_dictionaries(dict.fromkeys(SLOTS, names)))
def test_every_value_stands_in_the_filled_text_as_it_was_given(draft: str, values: dict[str, str]) -> None:
    filled = fill(draft, values)
    assert all(values[slot] in filled for slot in slots_in(draft))


@given(drafts, without_article)
def test_what_a_value_says_changes_nothing_around_it(draft: str, title: str) -> None:
    plain = fill(draft, dict.fromkeys(SLOTS, "X"))
    assert fill(draft, dict.fromkeys(SLOTS, f"{title}X")) == plain.replace("X", f"{title}X")


@given(st.text(max_size=40))
def test_any_text_is_either_filled_or_refused_with_our_error(draft: str) -> None:
    try:
        filled = fill(draft, dict.fromkeys(SLOTS, "X"))
    except SlotError:
        return
    assert "{" not in filled
    assert "  " not in filled


@given(st.text(max_size=80))
def test_a_readable_title_is_one_printable_line_and_reads_the_same_twice(raw: str) -> None:
    title = readable_title(raw)
    assert title.isprintable()
    assert title == " ".join(title.split())
    assert readable_title(title) == title or title.isupper()


@given(cells, cells)
def test_a_name_is_one_visible_line_or_none_and_says_which_cells_it_rests_on(
    title: str | None, category: str | None
) -> None:
    name = name_of(title, category, fact_rules().titles)
    if name is None:
        return
    assert name.text.isprintable()
    assert name.text == " ".join(name.text.split()) != ""
    assert name.columns in {("title",), ("category",), ("title", "category")}
    assert name == name_of(title, category if "category" in name.columns else None, fact_rules().titles)


@given(st.text(max_size=200))
def test_no_name_in_a_prompt_can_open_a_mark_of_a_chat_template(text: str) -> None:
    name = safe_name(text, 80)
    assert not set(name) & set('<>|[]{}()#$\\`"*:;=\n\r\u2028')
    assert len(name) <= 80
