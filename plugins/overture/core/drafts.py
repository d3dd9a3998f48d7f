"""Drafts: what is checked before a model's text may reach anyone."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from overture.core.lexicon import Lexicon
from overture.core.mentions import NO_NAMES, Names, names_other
from overture.core.slots import SlotError, fill, slots_in
from overture.core.soft_claims import Proofs, cell_words, proven, soft_claims_in
from overture.core.text_quality import WritingRules, wrong_length

NOT_GENERATED = "not_generated"
TOO_LONG_PROMPT = "too_long_prompt"
BAD_GRAMMAR = "bad_grammar"
OVER_BUDGET = "over_budget"
UNSUPPORTED_LANGUAGE = "unsupported_language"
"""Why nothing was asked for: the model does not write the reader's language."""
RECALLED = "recalled"
NEVER_ASKED = (TOO_LONG_PROMPT, BAD_GRAMMAR, OVER_BUDGET, RECALLED)
"""Finish reasons of requests that the engine never saw, or whose draft a person recalled; the reason is the refusal."""

REFUSALS = (
    NOT_GENERATED, UNSUPPORTED_LANGUAGE, *NEVER_ASKED, "unfinished", "slot_unknown", "slot_missing", "digits",
    "signs", "off_grammar", "banned_words", "competitor", "unproven_claim", "wrong_item", "personal_data",
    "dangling", "repetition", "tautology", "echo", "too_short", "too_long", "markup", "sentences", "hard_to_read",
    "language", "profanity", "sentiment",
)  # fmt: skip
"""Every reason code, in the order in which drafts are checked."""

_WORD = r"[a-z]+(?:['-][a-z]+)*"
_ADDRESS = re.compile(r"://|\bwww\b|@|\b\w+\.(?:com|net|org|io|shop)\b", re.IGNORECASE)
_SIGN = re.compile(r"[$€£¥%\uffe5\uff04\uffe1\uff05<>|\[\]\\`*#=~^_]")


@dataclass(frozen=True, eq=False)
class DraftRules:
    """What a draft may not do; `config/copy.toml`, `text_checks.toml` and the language's lexicon say why.

    banned_words, competitors: single or several words, as the lexicon reads them. dangling_words: words that no phrase
    ends with. lexicon, proofs: which words are claims, and what proves each. word: a regular expression of what counts
    as a word in what follows: a character, where no spaces part words.
    """

    writing: WritingRules
    banned_words: Collection[str]
    competitors: Collection[str]
    dangling_words: Collection[str]
    repeated_word_letters: int
    repeated_word_times: int
    echo_words: int
    lexicon: Lexicon
    proofs: Proofs
    word: str = _WORD

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], checks: Mapping[str, Any], lexicon: Mapping[str, Any]
    ) -> "DraftRules":
        """Return the rules of `config/copy.toml`, `config/text_checks.toml` and a file of `config/lexicons/`.

        A lexicon with rules for drafts of its own is not judged by those of `config/copy.toml`.
        """
        rules, said = lexicon.get("drafts", config["drafts"]), Lexicon.from_config(lexicon)
        return cls(
            writing=WritingRules.from_config(checks, config["message"]["channel"], lexicon),
            banned_words=frozenset(_spoken(word, said) for word in (*rules["banned_words"], *rules["about_readers"])),
            competitors=frozenset(_spoken(name, said) for name in checks["names"]["competitors"]),
            dangling_words=frozenset(rules["dangling_words"]),
            repeated_word_letters=rules["repeated_word_letters"],
            repeated_word_times=rules["repeated_word_times"],
            echo_words=rules["echo_words"],
            lexicon=said,
            proofs=Proofs.from_config(lexicon),
            word=rules.get("word", _WORD),
        )


@dataclass(frozen=True)
class Subject:
    """What a draft is about, and whom it is for.

    values: the facts that may fill its slots, as they read. cells: the item's row of facts, which claims in words are
    proven by. told: the instructions and examples that the model was given. own_names: the item's and the reason's;
    names: those that only other items have. own_fields: what the shop knows of the reader.
    """

    values: Mapping[str, str]
    day: date
    told: Sequence[str] = ()
    cells: Mapping[str, object] = field(default_factory=dict)
    own_names: Collection[str] = ()
    names: Names = NO_NAMES
    own_fields: Collection[str] = ()


@dataclass(frozen=True)
class Draft:
    """A model's text with its slots open, and why the model stopped (`stop` when it had finished)."""

    text: str
    finish_reason: str


def refusal_of(draft: Draft | None, own_words: str | None, subject: Subject, rules: DraftRules) -> str | None:
    """Return the reason code why a draft may not be shown; None when it may.

    own_words: what the model wrote itself, None where the draft does not follow its grammar.
    """
    if draft is None:
        return NOT_GENERATED
    if draft.finish_reason in NEVER_ASKED:
        return draft.finish_reason
    if draft.finish_reason != "stop":
        return "unfinished"
    refusal = _wrong_slots(draft.text, subject.values) or _wrong_signs(draft.text)
    if refusal or own_words is None:
        return refusal or "off_grammar"
    words = re.findall(rules.word, own_words.lower())
    return (
        _wrong_mention(own_words, rules)
        or _wrong_statement(draft.text, own_words, subject, rules)
        or _wrong_words(words, rules)
        or _wrong_relation(words, subject.values["title"], rules, subject.told)
        or wrong_length(fill(draft.text, subject.values), rules.writing)
    )


def _wrong_slots(text: str, values: Mapping[str, str]) -> str | None:
    try:
        slots = slots_in(text)
    except SlotError:
        return "slot_unknown"
    if set(slots) - values.keys():
        return "slot_unknown"
    return None if slots.count("title") == 1 and len(set(slots)) == len(slots) else "slot_missing"


def _wrong_signs(text: str) -> str | None:
    written = re.sub(r"\{[a-z_]+\}", " ", text)
    # As the gate reads the finished text: whatever is a number in some script.
    if any(unicodedata.category(character)[0] == "N" for character in written):
        return "digits"
    return "signs" if _SIGN.search(written) or _ADDRESS.search(written) else None


def _wrong_mention(own_words: str, rules: DraftRules) -> str | None:
    spoken = _spoken(own_words, rules.lexicon)
    if any(banned in spoken for banned in rules.banned_words):
        return "banned_words"
    return "competitor" if any(name in spoken for name in rules.competitors) else None


def _spoken(text: str, lexicon: Lexicon) -> str:
    """Return a text's words in order, single spaces between and around them."""
    return f" {' '.join(token.word for token in lexicon.words_of(text))} "


def _wrong_statement(text: str, own_words: str, subject: Subject, rules: DraftRules) -> str | None:
    if proven(soft_claims_in(text, rules.lexicon), rules.proofs, subject.cells, subject.day) is None:
        return "unproven_claim"
    if names_other(own_words, subject.names, subject.own_names):
        return "wrong_item"
    said, gap = cell_words(own_words), " " if rules.lexicon.is_spaced else ""
    own = (cell_words(value).strip() for value in subject.own_fields)
    return "personal_data" if any(value and f"{gap}{value}{gap}" in said for value in own) else None


def _wrong_words(words: list[str], rules: DraftRules) -> str | None:
    if words and words[-1] in rules.dangling_words:
        return "dangling"
    return "repetition" if _repeats(words, rules) else None


def _wrong_relation(words: list[str], title: str, rules: DraftRules, told: Sequence[str]) -> str | None:
    # "Bananas for a banana": what the item is good for must be something else than the item.
    titled = re.findall(rules.word, title.lower())
    if words and rules.lexicon.is_spaced and any(_same_word(words[-1], word) for word in titled):
        return "tautology"
    if not rules.lexicon.is_spaced and _runs(words[-2:], 2) & _runs(titled, 2):
        return "tautology"
    known = [_runs(re.findall(rules.word, text.lower()), rules.echo_words) for text in told]
    return "echo" if _runs(words, rules.echo_words) & set().union(*known) else None


def _same_word(one: str, other: str) -> bool:
    """Say whether two words are alike up to their last letters, as singular and plural are."""
    alike = min(len(one), len(other)) - 1
    return alike >= 3 and abs(len(one) - len(other)) <= 2 and one[:alike] == other[:alike]


def _repeats(words: list[str], rules: DraftRules) -> bool:
    if not rules.lexicon.is_spaced:
        # A doubled character may be a word ("slowly" is one said twice), a doubled pair is none.
        pairs = list(pairwise(words))
        follows_itself = any(one == other for one, other in zip(pairs, pairs[2:], strict=False))
        return follows_itself or max(Counter(pairs).values(), default=0) > rules.repeated_word_times
    times = Counter(word for word in words if len(word) >= rules.repeated_word_letters)
    follows_itself = any(one == other for one, other in pairwise(words))
    return follows_itself or any(count > rules.repeated_word_times for count in times.values())


def _runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
