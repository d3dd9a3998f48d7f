"""Writes figures in the text format that Prometheus and its collectors read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Figure:
    """One metric.

    name: by Prometheus's conventions, its unit last. about: one sentence. labels: their names. samples: values of the
    labels, in the same order, and the number; values may be anybody's text.
    """

    name: str
    about: str
    labels: tuple[str, ...]
    samples: Sequence[Sample]


class _Figures:
    """What prometheus_client asks for metrics."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = list(figures)

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        for figure in self._figures:
            family = GaugeMetricFamily(figure.name, figure.about, labels=figure.labels)
            for values, number in figure.samples:
                family.add_metric(values, number)
            yield family


def as_text(figures: Iterable[Figure]) -> str:
    """Return the figures with HELP and TYPE of each, label values escaped and no timestamps; without samples, none.

    Each is a gauge: a figure of one day that another day replaces, and nothing that only grows.
    """
    from prometheus_client import generate_latest

    return generate_latest(_Figures(figure for figure in figures if figure.samples)).decode("utf-8")
