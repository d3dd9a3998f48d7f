import numpy as np
import pytest

from overture.core.personalisation import (
    distinct_share,
    drawn_others,
    repeated_share,
    swap_wins,
    text_information,
)

RANDOM = np.random.default_rng(7)
USERS = 300


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


SIGNATURES = unit(RANDOM.normal(size=(12, 32)))
SIGNATURE_OF = RANDOM.integers(0, 12, USERS)
FITTING = unit(SIGNATURES[SIGNATURE_OF] + RANDOM.normal(0, 0.1, (USERS, 32)))


@pytest.mark.parametrize("users", [2, 3, 50])
def test_nobody_is_drawn_as_an_other_of_their_own_and_everybody_else_is(users: int) -> None:
    drawn = drawn_others(users, 2000, seed=1)
    assert not (drawn == np.arange(users)[:, None]).any()
    assert [len(set(row)) for row in drawn.tolist()] == [users - 1] * users


def test_the_draws_are_those_of_the_seed() -> None:
    assert (drawn_others(9, 5, seed=1) == drawn_others(9, 5, seed=1)).all()
    assert (drawn_others(9, 5, seed=1) != drawn_others(9, 5, seed=2)).any()


def test_one_user_has_no_others() -> None:
    with pytest.raises(ValueError, match="expected: 2 or more"):
        drawn_others(1, 5, seed=1)


def test_texts_made_for_their_readers_win_all_but_equal_signatures() -> None:
    others = drawn_others(USERS, 50, seed=1)
    wins = swap_wins(FITTING, SIGNATURES, SIGNATURE_OF, others)
    is_equal = SIGNATURE_OF[others] == SIGNATURE_OF[:, None]
    assert wins == pytest.approx(np.where(is_equal, 0.5, 1.0).mean(axis=1))


def test_texts_handed_to_other_readers_win_half() -> None:
    shuffled = FITTING[RANDOM.permutation(USERS)]
    assert swap_wins(shuffled, SIGNATURES, SIGNATURE_OF, drawn_others(USERS, 50, seed=1)).mean() == pytest.approx(
        0.5, abs=0.05
    )


def test_one_text_for_everybody_wins_half() -> None:
    same = np.repeat(FITTING[:1], USERS, axis=0)
    assert swap_wins(same, SIGNATURES, SIGNATURE_OF, drawn_others(USERS, 50, seed=1)).mean() == pytest.approx(
        0.5, abs=0.05
    )


def test_users_are_compared_alike_whichever_block_they_fall_into(monkeypatch: pytest.MonkeyPatch) -> None:
    others = drawn_others(USERS, 20, seed=1)
    whole = swap_wins(FITTING, SIGNATURES, SIGNATURE_OF, others)
    monkeypatch.setattr("overture.core.personalisation.BLOCK_USERS", 7)
    assert (swap_wins(FITTING, SIGNATURES, SIGNATURE_OF, others) == whole).all()


TEXTS = {"soups": "a pot of bean soup", "sweets": "a slice of plum cake", "drinks": "a glass of cold juice"}


def test_a_signature_tells_much_of_texts_made_for_it_and_nothing_beyond_chance_of_others() -> None:
    signatures = RANDOM.choice(list(TEXTS), USERS)
    fitting = [TEXTS[each] for each in signatures]
    told, by_chance = text_information(signatures, fitting, seed=1, shuffles=20)
    assert told > 0.5
    assert by_chance < 0.1
    told, by_chance = text_information(signatures, RANDOM.permutation(fitting), seed=1, shuffles=20)
    assert told == pytest.approx(by_chance, abs=0.02)


def test_one_text_for_everybody_tells_nothing() -> None:
    assert text_information(["soups", "sweets"] * 5, ["a nice day"] * 10, seed=1, shuffles=3) == (0.0, 0.0)


def test_information_wants_a_text_for_each_signature() -> None:
    with pytest.raises(ValueError, match="expected: 2; got: 1"):
        text_information(["soups", "sweets"], ["a nice day"], seed=1, shuffles=1)


def test_texts_of_the_same_words_are_less_distinct_than_texts_of_many() -> None:
    assert distinct_share(list(TEXTS.values()), 2) == 1.0
    assert distinct_share([TEXTS["soups"]] * 4, 2) == 0.25
    assert distinct_share(list(TEXTS.values()), 1) < 1.0


def test_figures_and_signs_are_no_words() -> None:
    assert np.isnan(distinct_share(["$2.49 - 16"], 1))


def test_only_texts_that_somebody_else_also_reads_are_repeated() -> None:
    assert repeated_share(["a", "b", "B ", "c"]) == 0.5
    assert repeated_share(["a", "b"]) == 0.0


def test_a_day_without_messages_has_no_figures() -> None:
    assert np.isnan([distinct_share([], 1), repeated_share([]), *text_information([], [], seed=1, shuffles=1)]).all()
