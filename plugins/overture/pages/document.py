"""The one door to Jinja2: a template and its values become one HTML page that asks nothing of anyone."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from overture.pages.charts import Chart, javascript
from overture.pages.theme import css_variables, vega_config
from overture.presentation import visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"

POLICY: Final = "default-src 'none'; base-uri 'none'; form-action {form}; style-src {style}; script-src {script}"
"""Nothing is loaded, sent or run but the page's own style and scripts, each known by its hash."""


def render(template: str, values: Mapping[str, Any], charts: Sequence[Chart] = (), *, has_form: bool = False) -> str:
    """Return the page of a template; whatever a text among the values holds, it is shown and does nothing.

    charts: drawn where the template places `figure(n)`, n from 0; without any, the page has no script at all.
    has_form: the page may send what is filled in to where it came from. Control
    characters of texts are shown escaped.
    """
    style = css_variables() + (TEMPLATES / "page.css").read_text(encoding="utf-8")
    scripts = [javascript(), (TEMPLATES / "charts.js").read_text(encoding="utf-8")] if charts else []
    policy = POLICY.format(
        style=_hash(style), script=" ".join(map(_hash, scripts)) or "'none'", form="'self'" if has_form else "'none'"
    )
    specs = [_shown({**chart.spec, "description": f"{chart.title}. {chart.alt}"}) for chart in charts]
    stated = {"specs": specs, "themes": {s: vega_config(s) for s in _SCHEMES}}
    page = _environment().get_template(template)
    return page.render(**values, policy=policy, style=style, scripts=scripts, charts=charts, stated=stated)


def data_docs_style() -> str:
    """Return the style sheet of Great Expectations' pages in our colours: theirs lies on a CDN."""
    return css_variables() + (TEMPLATES / "data_docs.css").read_text(encoding="utf-8")


_SCHEMES = ("light", "dark")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every value that a page shows passes here, before it is escaped.
        finalize=_finalize,
    )
    filters: dict[str, Callable[..., str]] = {"number": _number, "share": _share}
    environment.filters.update(filters)
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": True}
    return environment


def _finalize(value: object) -> object:
    from markupsafe import Markup

    # What is markup came from a template of ours or was escaped before.
    return value if isinstance(value, Markup) else visible(value)


def _shown(value: Any) -> Any:
    """Return a chart's spec with the control characters of its texts escaped, and dates as text."""
    if isinstance(value, Mapping):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    if isinstance(value, str):
        return visible(value)
    return value if isinstance(value, bool | int | float) or value is None else str(value)


def _number(value: object) -> str:
    if value is None:
        return "–"  # noqa: RUF001 - a dash for what is not known
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,.0f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"  # noqa: RUF001


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
