"""Truth on the labelled set: false claims that were caught, true drafts that were refused, slots that were wrong."""

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from bench.truth import Judgement, judged, labelled_chinese, labelled_drafts, share
from overture.adapters.text_checks import near_duplicates
from overture.configuration import load_config

MESSAGES = 100_000


def main() -> None:
    """Print the shares by source and kind, milliseconds a draft, and seconds for a day's near-duplicates."""
    drafts = labelled_drafts()
    judged(drafts[:50])
    start = time.process_time()
    found = judged(drafts)
    each = (time.process_time() - start) * 1000 / len(drafts)
    print(f"{len(drafts)} drafts, {each:.2f} ms of CPU each, libraries loaded")
    shown = [one for one in found if one.draft["form"] == "opening" and one.refusal is None]
    print(f"slots that do not say what their cell says: {sum(one.wrong_slots for one in shown)} in {len(shown)} shown")
    _table("false, caught", [one for one in found if not one.draft["label"]])
    _table("true, refused as untrue", [one for one in found if one.draft["label"]])
    true = [one for one in found if one.draft["label"] and one.draft["form"] == "opening"]
    written = Counter(one.refusal for one in true if one.refusal and not one.is_caught)
    print(f"true, refused for how they are written: {written.total()} of {len(true)}: {dict(written.most_common())}")
    chinese = judged(labelled_chinese(), "zh_CN")
    _table("Chinese, false, caught", [one for one in chinese if not one.draft["label"]])
    _table("Chinese, true, refused as untrue", [one for one in chinese if one.draft["label"]])
    seconds, alike = _near_duplicates([one.draft["text"] for one in true])
    print(f"near-duplicates among {MESSAGES} different texts: {seconds:.1f} s of CPU, {alike} found")


def _table(title: str, found: Sequence[Judgement]) -> None:
    print(f"{title}: {_share(found)}")
    for name in ("source", "split", "kind"):
        groups = sorted({one.draft[name] for one in found})
        print(f"  by {name}: " + "; ".join(f"{group} {_share(_of(found, name, group))}" for group in groups))


def _of(found: Iterable[Judgement], name: str, group: str) -> list[Judgement]:
    return [one for one in found if one.draft[name] == group]


def _share(found: Sequence[Judgement]) -> str:
    caught = [one for one in found if one.is_caught]
    return f"{len(caught)}/{len(found)} ({share(caught, found):.1%})"


def _near_duplicates(texts: Sequence[str]) -> tuple[float, int]:
    """Return CPU seconds and what was found among as many texts, made of the set's by changing words."""
    draw = random.Random(7)  # noqa: S311 - draws samples, guards nothing
    words = sorted({word for text in texts for word in text.split()})
    many: dict[str, None] = {}
    while len(many) < MESSAGES:
        text = draw.choice(texts).split()
        many[" ".join(draw.choice(words) if draw.random() < 0.4 else word for word in text)] = None
    start = time.process_time()
    alike = near_duplicates(list(many), load_config("text_checks")["near_duplicates"])
    return time.process_time() - start, sum(alike)


if __name__ == "__main__":
    main()
