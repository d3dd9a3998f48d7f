"""Factors of items that nobody had to do with yet, from the items that read like them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from overture.adapters.item_embeddings import embed
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.rule_reads import read_item_texts
from overture.core.behaviour import Ids
from overture.core.content import neighbour_factors
from overture.core.scoring import FactorScores
from overture.settings import Settings


def with_content(
    settings: Settings, lake: tuple[Warehouse, date], scores: FactorScores, item_ids: Ids, content: Mapping[str, Any]
) -> tuple[FactorScores, npt.NDArray[np.bool_]]:
    """Return the scores with factors for every allowed item, and which items got theirs from neighbours.

    lake: the warehouse and the day. content: `neighbours` and `power` of `config/ranking.toml`. Texts are embedded only
    where such an item exists, and each once for ever. Raises what `embed` raises.
    """
    is_known = ~np.isnan(scores.item_factors[:, 0])
    is_new = np.isin(np.arange(len(item_ids)), scores.allowed) & ~is_known
    if not is_new.any() or not is_known.any():
        return scores, np.zeros(len(item_ids), np.bool_)
    texts = read_item_texts(*lake, item_ids)
    known, new = np.flatnonzero(is_known & (texts != "")), np.flatnonzero(is_new)
    vectors = embed(settings, [*texts[known].tolist(), *texts[new].tolist()])
    filled = scores.item_factors.copy()
    filled[new] = neighbour_factors(
        filled[known], vectors[: len(known)], vectors[len(known) :], content["neighbours"], content["power"]
    )
    return replace(scores, item_factors=filled), is_new
