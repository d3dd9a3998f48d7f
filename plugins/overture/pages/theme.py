"""How pages and charts look, in light and in dark: the only place with colours."""

from collections.abc import Mapping
from typing import Any, Final

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "light": {
        "paper": "#fbfaf8", "card": "#ffffff", "ink": "#1c1b22", "faint": "#5c5966", "line": "#dedae3",
        "accent": "#5b3fd6", "good": "#0b6e4f", "bad": "#b3261e", "mark": "#ece7ff",
    },
    "dark": {
        "paper": "#15141a", "card": "#1e1d25", "ink": "#f2f0f7", "faint": "#b3afbf", "line": "#3a3845",
        "accent": "#b5a4ff", "good": "#62d2a2", "bad": "#ff9b92", "mark": "#37305f",
    },
}  # fmt: skip
"""Names of colours by scheme. Texts reach 4.5 to 1 on paper, card and mark, marks 3 to 1 (WCAG 2.2, AA)."""

SERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "light": (
        "#5b3fd6", "#0b7a75", "#c2410c", "#1d6fb8", "#a3246f", "#5f7a00", "#8a5a00", "#6b4f9e", "#77757f",
    ),
    "dark": (
        "#b5a4ff", "#4fd1c5", "#ff9f68", "#7cc0ff", "#ff8ac4", "#c3dc5a", "#f2c14e", "#cdb4ff", "#a3a0ad",
    ),
}  # fmt: skip
"""Colours of the series of a chart, in order; the last one is for what has no name of its own."""


def css_variables() -> str:
    """Return the colours as custom properties of CSS, light first and dark where the reader prefers it."""
    blocks = {name: "".join(f"--{key}:{value};" for key, value in colours.items()) for name, colours in SCHEMES.items()}
    return (
        f":root{{color-scheme:light dark;--font:{FONT};{blocks['light']}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{blocks['dark']}}}}}"
    )


def vega_config(scheme: str) -> dict[str, Any]:
    """Return Vega-Lite's configuration in the colours of a scheme, light or dark."""
    colours, series = SCHEMES[scheme], SERIES[scheme]
    text = {"labelColor": colours["faint"], "titleColor": colours["faint"], "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**text, "gridColor": colours["line"], "domainColor": colours["line"], "tickColor": colours["line"],
                 "titleFontWeight": "normal", "labelLimit": 150},
        "legend": {**text, "orient": "bottom", "columns": 2, "titleFontWeight": "normal", "labelLimit": 140},
        "range": {"category": list(series)},
        "bar": {"color": colours["accent"], "cornerRadiusEnd": 2},
        "line": {"color": series[2], "strokeWidth": 2},
        "area": {"color": colours["faint"], "opacity": 0.25},
        "rule": {"color": colours["faint"]},
        "point": {"color": colours["accent"], "filled": True, "size": 60},
        "circle": {"size": 26, "opacity": 0.75},
        "text": {"color": colours["ink"]},
    }  # fmt: skip
