"""Measures how personal the day's messages are, from the texts and the signatures of their readers alone."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from overture.adapters.als import one_blas_thread
from overture.adapters.item_embeddings import embedded
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.metrics_store import COPY, metric_rows, replace_measured
from overture.adapters.warehouse.personal_reads import Sentences, read_sentences
from overture.configuration import load_config
from overture.core import columns
from overture.core.bootstrap import Interval, mean_intervals
from overture.core.judgements import EVERYONE
from overture.core.personalisation import (
    distinct_share,
    drawn_others,
    repeated_share,
    swap_wins,
    text_information,
)
from overture.run import Run
from overture.settings import Settings

LOG = logging.getLogger("overture.personalising")

Texts = npt.NDArray[np.str_]
Measured = tuple[str, int, Interval, float | None]
"""Metric, users, value and interval, baseline."""


@one_blas_thread()
def measure_messages(run: Run, warehouse: Warehouse) -> None:
    """Write how personal the candidate messages are into the candidate metrics, protocol `copy`.

    Where there is no copy environment (a served model needs none here), what takes embeddings is left out, and logged.
    Raises what `embed` raises.
    """
    said = read_sentences(warehouse, run.day)
    found = [*_of_texts(said), *_of_readers(said), *_swaps(run.settings, said)]
    stated = {
        columns.DATA_DAY: run.day,
        columns.JUDGED_DAY: run.day,
        columns.HORIZON_DAYS: 0,
        columns.K: 1,
        columns.PROTOCOL: COPY,
        columns.TASK: "discover",
        columns.STRATEGY: "messages",
        columns.MODEL_VERSION: _commonest(said.writers),
        columns.USER_GROUP: EVERYONE,
    }
    rows = [
        stated
        | {columns.METRIC: metric, columns.USERS: users, columns.BASELINE: baseline}
        | {columns.VALUE: interval.value, columns.LOW: interval.low, columns.HIGH: interval.high}
        for metric, users, interval, baseline in found
        if not np.isnan(interval.value)
    ]
    replace_measured(warehouse, run.day, COPY, metric_rows(rows))


def _of_texts(said: Sentences) -> list[Measured]:
    drafts, sentences = said.draft_ids[said.draft_ids != ""], said.sentences.tolist()
    values = {
        "messages_per_draft": len(drafts) / len(np.unique(drafts)) if len(drafts) else float("nan"),
        "distinct_1": distinct_share(sentences, 1),
        "distinct_2": distinct_share(sentences, 2),
        "repeated_sentences": repeated_share(said.words.tolist()),
    }
    return [(metric, len(sentences), _alone(value), None) for metric, value in values.items()]


def _of_readers(said: Sentences) -> list[Measured]:
    """Return what a signature tells of the text, beside what chance alone gives."""
    config = load_config("evaluation")
    found: list[Measured] = []
    for suffix, texts in _texts_of(said).items():
        is_known = (said.signatures != "") & (texts != "")
        bits, by_chance = text_information(
            said.signatures[is_known].tolist(), texts[is_known].tolist(), config["seed"], config["copy"]["shuffles"]
        )
        found.append((f"mutual_information{suffix}", int(is_known.sum()), _alone(bits), by_chance))
    return found


def _swaps(settings: Settings, said: Sentences) -> list[Measured]:
    """Return how often a text is more like its reader's signature than like another reader's."""
    config = load_config("evaluation")
    if not settings.copy_python.is_file():
        LOG.warning("measure_messages: no swap test without the copy environment, %s", settings.copy_python)
        return []
    drawn = np.random.default_rng(config["seed"]).permutation(len(said.signatures))[: config["copy"]["most_users"]]
    asked = _rows_of(said, np.sort(drawn))
    texts = np.concatenate([asked.signatures, *_texts_of(asked).values()])
    vectors = embedded(settings, texts[texts != ""].tolist())
    found: list[Measured] = []
    for suffix, texts in _texts_of(asked).items():
        is_known = (asked.signatures != "") & (texts != "")
        if is_known.sum() < 2:
            continue
        signatures, signature_of = np.unique(asked.signatures[is_known], return_inverse=True)
        others = drawn_others(int(is_known.sum()), config["copy"]["others"], config["seed"])
        wins = swap_wins(
            np.stack([vectors[text] for text in texts[is_known].tolist()]),
            np.stack([vectors[text] for text in signatures.tolist()]),
            signature_of,
            others,
        )
        interval = mean_intervals({"swap": wins}, config["seed"], config["resamples"])["swap"]
        found.append((f"swap_share{suffix}", len(wins), interval, 0.5))
    return found


def _texts_of(said: Sentences) -> Mapping[str, Texts]:
    return {"": said.sentences, "_of_words": said.words}


def _rows_of(said: Sentences, rows: npt.NDArray[np.int64]) -> Sentences:
    return replace(said, **{name: values[rows] for name, values in vars(said).items()})


def _alone(value: float) -> Interval:
    return Interval(value, float("nan"), float("nan"))


def _commonest(texts: Texts) -> str:
    if not len(texts):
        return ""
    different, counts = np.unique(texts, return_counts=True)
    return str(different[counts.argmax()])
