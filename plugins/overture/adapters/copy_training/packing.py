"""Batches of examples as one row of tokens: what they begin with in common is read once for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from overture.core.copy_training_set import Example
from overture.errors import ModelError

Tokens = list[int]


@dataclass(frozen=True)
class Pair:
    """One example as tokens: the conversation up to the reply, and the reply with the mark of its end."""

    prompt: Tokens
    reply: Tokens


@dataclass(frozen=True)
class Packed:
    """A batch. branches: of each token, -1 in the common beginning, else the place of its example in the batch.

    positions: of each token in its own conversation. asked: where in `tokens` stands what a token of a reply is
    foretold from; answers: that token, as many.
    """

    tokens: Tokens
    branches: list[int]
    positions: list[int]
    asked: list[int]
    answers: Tokens


def tokenized(examples: Sequence[Example], tokenizer: Any) -> list[Pair]:
    """Return the examples as tokens, in the model's own chat template; raise ModelError where it has no end mark."""
    spell: Callable[..., Any] = tokenizer.apply_chat_template
    pairs = []
    for each in examples:
        asked = [{"role": role, "content": content} for role, content in each.messages]
        prompt = list(spell(asked, add_generation_prompt=True, return_dict=False))
        whole = list(spell([*asked, {"role": "assistant", "content": each.reply}], return_dict=False))
        reply = whole[len(prompt) :]
        if whole[: len(prompt)] != prompt or tokenizer.eos_token_id not in reply:
            expected = "a reply after the prompt, and the end token after it"
            raise ModelError("a chat template that nothing can be taught in", expected=expected, got=each.reply)
        pairs.append(Pair(prompt, reply[: reply.index(tokenizer.eos_token_id) + 1]))
    return pairs


def pack(pairs: Sequence[Pair]) -> Packed:
    """Return the pairs as one batch. Each example's tokens see the common beginning and their own, never another's.

    So a batch has the gradient that its examples have one by one, for a fraction of the tokens: of the bundled prompt
    nine tenths are common to all items.
    """
    common = _common(pairs)
    tokens, branches = list(pairs[0].prompt[:common]), [-1] * common
    positions, asked = list(range(common)), list[int]()
    answers: Tokens = []
    for place, pair in enumerate(pairs):
        own = [*pair.prompt[common:], *pair.reply[:-1]]
        # The last token of the prompt foretells the first one of the reply.
        first = len(tokens) + len(pair.prompt) - common - 1
        asked += range(first, first + len(pair.reply))
        answers += pair.reply
        tokens += own
        branches += [place] * len(own)
        positions += range(common, common + len(own))
    return Packed(tokens, branches, positions, asked, answers)


def _common(pairs: Sequence[Pair]) -> int:
    """Return how many tokens all prompts begin with; each keeps one of its own at least, which its reply follows."""
    first = pairs[0].prompt
    most = min(len(pair.prompt) for pair in pairs) - 1
    same = (place for place in range(most) if any(pair.prompt[place] != first[place] for pair in pairs))
    return next(same, most)
