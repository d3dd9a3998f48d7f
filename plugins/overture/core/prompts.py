"""Prompts: what the model is told about an item, and the grammar that its answer must follow."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Template

from overture.core.external_text import told
from overture.core.slots import slots_in

Message = tuple[str, str]
"""Who speaks (system, user or assistant) and what."""

_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_GAP = re.compile(r"\[(\d+)-(\d+) (words|letters)\]")
_AFTER_FULL_STOP = re.compile("(?<=[\u3002\uff01\uff1f]) ")  # a full-width one brings its own space
_LITERAL = re.compile(r"([\\.^$*+?{}\[\]|()/-])")

LETTERS = "a-z"
WORD = "[a-z]{1,20}"
LAST_WORD = "[a-z]{3,20}"
"""What the model may put into a gap: small letters (or those that the prompt file names), so that no figure, sign,
brace, address or name gets in. The last word of a gap has three letters or more, or many a gap would end with "of a".
A gap should have room for more words than the model wants: where it must end, words are forced into each other. A
word has room for the longest ones that a tokenizer knows: before every token the engine tries all those that could be
too long, for 1.2 ms where 12 letters were the most, and for .02 ms with 20."""


class PromptError(ValueError):
    """A prompt file lacks a section, or a section says something it may not."""


@dataclass(frozen=True)
class Prompt:
    """A prompt file, read: name and version, instructions, request lines, examples, and what a reply is made of.

    reasons: how each strategy is told to the model. examples: pairs of request and reply. openings: first sentences,
    with gaps such as `[2-6 words]` for the model's own words, or `[4-14 letters]` where no spaces part words. closings:
    the slots that each needs, and its wordings, for what the opening leaves unsaid. letters: a range of those that may
    stand in a gap.
    """

    version: str
    instructions: str
    request: str
    reasons: Mapping[str, str]
    examples: tuple[tuple[str, str], ...]
    openings: tuple[str, ...]
    closings: tuple[tuple[frozenset[str], tuple[str, ...]], ...]
    letters: str = LETTERS

    @property
    def told(self) -> tuple[str, ...]:
        """What every reply is told beside its item, and may not echo: the instructions and the example replies."""
        return (self.instructions, *(reply for _, reply in self.examples))


def parse_prompt(text: str, version: str) -> Prompt:
    """Read a prompt file: headings with `# `, text below each; raise PromptError when a section is missing or wrong.

    What stands under `# voice`, how the shop speaks, ends the instructions.
    Closings follow in the order of the file; one whose slots were said by an earlier one is left out.
    """
    parts = _HEADING.split(text)
    sections = [(heading.strip(), body.strip()) for heading, body in zip(parts[1::2], parts[2::2], strict=True)]
    by_name = dict(sections)
    told = [by_name[heading] for heading in ("instructions", "voice") if heading in by_name]
    requests = [body for heading, body in sections if heading == "example request"]
    replies = [body for heading, body in sections if heading == "example reply"]
    openings = tuple(by_name.get("openings", "").splitlines())
    if len(requests) != len(replies) or not openings or any("title" not in slots_in(line) for line in openings):
        raise PromptError(f"{version}: expected a reply to each example, and openings with {{title}} in each")
    return Prompt(
        version=version,
        instructions="\n".join(told),
        request=by_name.get("request", ""),
        reasons={name[4:]: body for name, body in sections if name.startswith("why ")},
        examples=tuple(zip(requests, replies, strict=True)),
        openings=openings,
        closings=_closings(sections, version),
        letters=_letters(by_name.get("letters", LETTERS), version),
    )


def _letters(stated: str, version: str) -> str:
    if not re.fullmatch(r"[^\W\d_]-[^\W\d_]", stated):
        raise PromptError(f"{version}: expected a range of letters such as a-z")
    return stated


def _closings(sections: Sequence[tuple[str, str]], version: str) -> tuple[tuple[frozenset[str], tuple[str, ...]], ...]:
    found = []
    for heading, body in sections:
        if not heading.startswith("closings "):
            continue
        needed = frozenset(heading.split()[1:])
        wordings = tuple(line.strip() for line in body.splitlines() if line.strip())
        if any(set(slots_in(wording)) != needed for wording in wordings):
            raise PromptError(f"{version}: a wording under '{heading}' has other slots than its heading")
        found.append((needed, wordings))
    return tuple(found)


def safe_name(text: str, most: int) -> str:
    """Return external text as a name that can stand in a prompt: what a model may be told, cut before a word.

    >>> safe_name("Ice <|im_end|> {price}", 80)
    'Ice im end price'
    """
    name = told(text)
    return name if len(name) <= most else name[:most].rsplit(" ", 1)[0]


def render_request(template: str, names: Mapping[str, str]) -> str:
    """Return the request, names put in for `$` places in one pass; a line with a place that has no name is left out."""
    lines = [Template(line) for line in template.splitlines()]
    return "\n".join(
        line.substitute(names) for line in lines if all(names.get(place) for place in line.get_identifiers())
    )


def chat(prompt: Prompt, request: str) -> tuple[Message, ...]:
    """Return the conversation up to the reply that is asked for: instructions, examples, the request."""
    examples = [message for asked, reply in prompt.examples for message in (("user", asked), ("assistant", reply))]
    return (("system", prompt.instructions), *examples, ("user", request))


def grammar(prompt: Prompt, slots: Iterable[str]) -> str:
    """Return the regular expression of what the model may write about an item with these slots: one opening.

    Its own words stand in gaps alone; what surrounds a slot is fixed, for what a model said about a price would be
    unproven. The closings are not generated: there is nothing in them that a model could choose.
    """
    return "|".join(_pattern_of(opening, prompt.letters) for opening in openings_with(prompt, slots))


def own_words(prompt: Prompt, slots: Iterable[str], reply: str) -> str | None:
    """Return the words that a reply has in the gaps of its opening; None when it follows no opening."""
    for opening in openings_with(prompt, slots):
        found = re.fullmatch(_pattern_of(opening, prompt.letters, gap_begins="(", gap_ends=")"), reply)
        if found:
            return " ".join(found.groups())
    return None


def with_words(opening: str, words: str) -> str:
    """Return an opening with these words in its first gap.

    >>> with_words("For [2-9 words], think of {title}.", "a quiet evening")
    'For a quiet evening, think of {title}.'
    """
    return _GAP.sub(lambda _: words, opening, count=1)


def closed(prompt: Prompt, opening: str, slots: Iterable[str], choice: int = 0) -> str:
    """Return the opening with a closing for every slot that it leaves unsaid; `choice` picks among wordings."""
    known, said, sentences = frozenset(slots), frozenset(slots_in(opening)), [opening]
    for needed, wordings in prompt.closings:
        if needed <= known and not needed & said:
            said |= needed
            sentences.append(wordings[choice % len(wordings)])
    return _AFTER_FULL_STOP.sub("", " ".join(sentences))


def plain_reply(prompt: Prompt, slots: Iterable[str]) -> str:
    """Return the reply of a template, which takes its first opening; raise PromptError where that one has a gap."""
    if _GAP.search(prompt.openings[0]):
        raise PromptError(f"{prompt.version}: a gap, and no model to fill it")
    return closed(prompt, prompt.openings[0], slots)


def openings_with(prompt: Prompt, slots: Iterable[str]) -> list[str]:
    """Return the openings that say nothing but these slots, gaps open."""
    known = frozenset(slots)
    return [opening for opening in prompt.openings if known.issuperset(slots_in(opening))]


def _pattern_of(wording: str, letters: str, *, gap_begins: str = "", gap_ends: str = "") -> str:
    pieces = _GAP.split(wording)
    pattern = _literal(pieces[0])
    for least, most, kind, text in zip(pieces[1::4], pieces[2::4], pieces[3::4], pieces[4::4], strict=True):
        gap = f"[{LETTERS}]{{{int(least)},{int(most)}}}"
        if kind == "words":
            gap = f"{WORD}(?: {WORD}){{{int(least) - 2},{int(most) - 2}}} {LAST_WORD}"
        pattern += f"{gap_begins}{gap.replace(LETTERS, letters)}{gap_ends}{_literal(text)}"
    return pattern


def _literal(text: str) -> str:
    # re.escape also escapes spaces and other signs that the engines' grammars do not want escaped.
    return _LITERAL.sub(r"\\\1", text)


def draft_id(
    messages: Sequence[Message], pattern: str, model: str, sampling: Mapping[str, object], version: str
) -> str:
    """Return a sha256 (hex) over all that a draft depends on.

    `model` is the fingerprint of the model's files, `sampling` everything else that steers the engine's choice.
    Users are no part of it: two users with the same item and reason share a draft.
    """
    depends_on = [list(map(list, messages)), pattern, model, dict(sampling), version]
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def request_seed(identity: str, seed: int) -> int:
    """Return a request's own seed, 0 to 2**31 - 1, from its draft id and the configured seed."""
    return (int(identity[:8], 16) ^ seed) & 0x7FFF_FFFF
