from types import SimpleNamespace
from typing import Any

import pytest

from overture.adapters.copy_training.packing import Pair, pack, tokenized
from overture.core.copy_training_set import Example
from overture.errors import ModelError

PAIRS = [Pair([1, 2, 3, 4], [8, 9]), Pair([1, 2, 5], [7, 6, 9])]


def letters(messages: list[dict[str, str]], end: str, **options: Any) -> list[int]:
    text = "".join(f"{message['role'][0]}{message['content']}{end}" for message in messages)
    return [ord(letter) for letter in text + ("a" if options.get("add_generation_prompt") else "")]


def tokenizer(end: str) -> Any:
    return SimpleNamespace(
        apply_chat_template=lambda messages, **options: letters(messages, end, **options), eos_token_id=ord(".")
    )


def test_what_all_prompts_begin_with_is_read_once() -> None:
    packed = pack(PAIRS)
    assert packed.tokens == [1, 2, 3, 4, 8, 5, 7, 6]
    assert packed.branches == [-1, -1, 0, 0, 0, 1, 1, 1]
    assert packed.positions == [0, 1, 2, 3, 4, 2, 3, 4]


def test_each_token_of_a_reply_is_foretold_from_the_one_before_it_and_nothing_else_is() -> None:
    packed = pack(PAIRS)
    assert [packed.tokens[place] for place in packed.asked] == [4, 8, 5, 7, 6]
    assert packed.answers == [8, 9, 7, 6, 9]


def test_equal_prompts_each_keep_the_token_that_their_reply_follows() -> None:
    packed = pack([Pair([1, 2], [3, 9]), Pair([1, 2], [4, 9])])
    assert packed.tokens == [1, 2, 3, 2, 4]
    assert packed.branches == [-1, 0, 0, 1, 1]


def test_a_batch_of_one_is_its_own_conversation() -> None:
    packed = pack([PAIRS[0]])
    assert packed.tokens == [1, 2, 3, 4, 8]
    assert packed.positions == [0, 1, 2, 3, 4]


def test_a_reply_ends_with_the_end_mark_and_begins_after_the_prompt() -> None:
    (pair,) = tokenized([Example("i", (("user", "hi"),), "yes")], tokenizer("."))
    assert "".join(map(chr, pair.prompt)) == "uhi.a"
    assert "".join(map(chr, pair.reply)) == "yes."


def test_a_template_without_an_end_mark_is_refused() -> None:
    with pytest.raises(ModelError, match="nothing can be taught"):
        tokenized([Example("i", (("user", "hi"),), "yes")], tokenizer("!"))
