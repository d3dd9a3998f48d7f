import hypothesis.strategies as st
from hypothesis import given

from overture.core.marked import parts

words = st.text("ab $1", max_size=6)


@given(st.text("ab $1", max_size=30), st.lists(words, max_size=5))
def test_the_parts_put_together_are_the_text(text: str, claims: list[str]) -> None:
    found = parts(text, claims)
    assert "".join(part.text for part in found) == text
    assert all(part.text == claims[part.claim] for part in found if part.claim is not None)


def test_a_claim_within_the_name_of_the_goods_is_marked_where_it_stands_alone() -> None:
    found = parts("Size 7 Shoes in size 7", ["7", "Size 7 Shoes"])
    assert [(part.text, part.claim) for part in found] == [("Size 7 Shoes", 1), (" in size ", None), ("7", 0)]


def test_a_claim_that_the_text_does_not_make_has_no_part() -> None:
    assert [part.claim for part in parts("Tea for $1", ["$2", ""])] == [None]
