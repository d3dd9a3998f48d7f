"""The door to the libraries that judge a text: its language, bad words, personal data, mood, and likeness to others.

All are wheels that carry what they need; none goes to the network. They take seconds to import, so that only the step
that writes messages, and its gate, load them.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from overture.configuration import load_config
from overture.core.words import tokens_of

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

_SLOT = re.compile(r"\{[a-z_]+\}")
_LETTERS = r"[^\W_]+"
_PATTERN_NEEDS = re.compile(r"[\d@.]")


@dataclass(frozen=True, eq=False)
class TextChecks:
    """The libraries, each loaded when first asked and kept; `language` is the one that texts have to be in."""

    config: Mapping[str, Any]
    language: str

    def refusal_of(self, reply: str) -> str | None:
        """Return the reason code of a reply, its slots open, that may not be shown; None when it may."""
        written = " ".join(_SLOT.sub(" ", reply).split())
        if self._is_foreign(written):
            return "language"
        if self.is_profane(written):
            return "profanity"
        if self.personal_data(written):
            return "personal_data"
        return "sentiment" if self.mood(written) < self.config["sentiment"]["least"] else None

    def _is_foreign(self, written: str) -> bool:
        letters = sum(map(str.isalpha, written))
        rules = self.config["language"]
        enough = letters >= rules.get("least_letters_of", {}).get(self.language, rules["least_letters"])
        return enough and self.language_of(written) != self.language

    def language_of(self, text: str) -> str:
        """Return the likeliest of the configured languages, as ISO 639-1 writes it."""
        return str(self._identifier.classify(text)[0])

    def is_profane(self, text: str) -> bool:
        """Say whether a text has a word of the list, written plainly, with figures for letters, or letter by letter."""
        words = [token.word for token in tokens_of(text, _LETTERS)]
        return any(run in self._bad_words for run in _runs(words)) or any(
            run in self._bad_words for run in _spelt(words)
        )

    def personal_data(self, text: str) -> str | None:
        """Return the kind of personal data that a text holds, such as PHONE_NUMBER; None for none."""
        # None of the patterns matches without one of these, which most texts lack: that saves a millisecond each, and
        # four seconds of import where all of them do.
        if not _PATTERN_NEEDS.search(text):
            return None
        found = self._analyzer.analyze(text, language="en", score_threshold=self.config["personal_data"]["least_score"])
        return str(found[0].entity_type) if found else None

    def mood(self, text: str) -> float:
        """Return how friendly a text is, -1 to 1; 0 for one that says neither."""
        return float(self._moods.polarity_scores(text)["compound"])

    @cached_property
    def _identifier(self) -> Any:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        identifier.set_languages(self.config["language"]["known"])
        return identifier

    @cached_property
    def _bad_words(self) -> frozenset[tuple[str, ...]]:
        # Its own search takes 9 ms a text; looking its words up takes 20 microseconds.
        from better_profanity.utils import get_complete_path_of_file, read_wordlist

        words = set(read_wordlist(get_complete_path_of_file("profanity_wordlist.txt")))
        words -= set(self.config["profanity"]["allowed"])
        folded = {tuple(token.word for token in tokens_of(word, _LETTERS)) for word in words}
        return frozenset(run for run in folded if run and any(len(word) > 1 for word in run))

    @cached_property
    def _analyzer(self) -> "AnalyzerEngine":
        return _personal_data_analyzer()

    @cached_property
    def _moods(self) -> Any:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        return SentimentIntensityAnalyzer()


@lru_cache(maxsize=4)
def text_checks(language: str) -> TextChecks:
    """Return the checks for a language with `config/text_checks.toml`; the same ones each time."""
    return TextChecks(load_config("text_checks"), language)


def near_duplicates(texts: Sequence[str], rules: Mapping[str, Any]) -> list[bool]:
    """Say of each text whether another one is nearly the same; the texts are different from each other.

    rules: `shingle_letters`, `least_alike` (Jaccard's share), `permutations` and `seed` of `config/text_checks.toml`.
    """
    from datasketch import MinHash, MinHashLSH

    size, hashes = rules["shingle_letters"], rules["permutations"]
    shingled = [
        {text[start : start + size].encode() for start in range(max(1, len(text) - size + 1))} for text in texts
    ]
    sketches = MinHash.bulk(shingled, num_perm=hashes, seed=rules["seed"], hashfunc=zlib.crc32)
    index = MinHashLSH(threshold=rules["least_alike"], num_perm=hashes)
    with index.insertion_session() as session:
        for number, sketch in enumerate(sketches):
            session.insert(number, sketch, check_duplication=False)
    return [
        any(
            _alike(shingled[number], shingled[other]) >= rules["least_alike"]
            for other in index.query(sketch)
            if other != number
        )
        for number, sketch in enumerate(sketches)
    ]


def _alike(one: set[bytes], other: set[bytes]) -> float:
    return len(one & other) / len(one | other)


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for length in (1, 2, 3):
        yield from zip(*(words[start:] for start in range(length)), strict=False)


def _spelt(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield what single letters in a row make together: "d a m n" is one word."""
    letters = "".join(word if len(word) == 1 else " " for word in words)
    for run in letters.split():
        for start in range(len(run)):
            for end in range(start + 3, len(run) + 1):
                yield (run[start:end],)


def _personal_data_analyzer() -> "AnalyzerEngine":
    """Return presidio with the recognisers that work by patterns and check digits, over a blank English splitter."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as known
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from tldextract import TLDExtract

    domains = TLDExtract(suffix_list_urls=(), cache_dir=None)

    class BlankEngine(SpacyNlpEngine):
        """The splitter alone: a model of names would have to be downloaded."""

        def load(self) -> None:
            self.nlp: Any = {"en": spacy.blank("en")}

    class OfflineEmailRecognizer(known.EmailRecognizer):
        """The library's own asks the network for the list of top-level domains; this one has the list in the wheel."""

        def validate_result(self, pattern_text: str) -> bool:
            return bool(domains(pattern_text).fqdn)

    recognizers = [
        OfflineEmailRecognizer(), known.CreditCardRecognizer(), known.IbanRecognizer(), known.IpRecognizer(),
        known.PhoneRecognizer(), known.UrlRecognizer(), known.UsSsnRecognizer(),
    ]  # fmt: skip
    engine = BlankEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    engine.load()
    registry = RecognizerRegistry(supported_languages=["en"], recognizers=recognizers)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
