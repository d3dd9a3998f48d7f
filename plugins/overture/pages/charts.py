"""The one door to Altair: rows become charts in Vega-Lite, which `theme` colours and a reader's browser draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A picture and the words for it. spec: Vega-Lite without a configuration. alt: what is to be seen, in words.

    rows: the numbers behind it, for those who would rather read a table.
    """

    title: str
    alt: str
    spec: Mapping[str, Any]
    rows: Rows


@cache
def javascript() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, out of their package; 0.9 MB, 2 to 3 s the first time."""
    import vl_convert

    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("the bundle would end its own script element")
    return script


def hours(event_type: str, rows: Rows) -> Chart:
    """Events of one type by hour. rows: hour, events, usual, low, high (the last three of the days before)."""
    import altair as alt

    x = alt.X("hour:Q", title="hour of the day (UTC)", scale=alt.Scale(domain=[-0.5, 23.5], nice=False),
              axis=alt.Axis(tickCount=12, format="d", grid=False))  # fmt: skip
    tips = [alt.Tooltip(f"{name}:Q") for name in ("hour", "events", "usual", "low", "high")]
    bars = alt.Chart().mark_bar(size=9).encode(x=x, y=alt.Y("events:Q", title="events"), tooltip=tips)
    band = alt.Chart().mark_area().encode(x=x, y="low:Q", y2="high:Q")
    usual = alt.Chart().mark_line().encode(x=x, y="usual:Q")
    total, mean = sum(row["events"] for row in rows), sum(row["usual"] or 0 for row in rows)
    return Chart(
        f"{event_type}: events by hour",
        f"Bars for {total:,} events of type {event_type} by hour of the day; a line for the mean of the days before,"
        f" {mean:,.0f} in all, and a band from their tenth to their ninetieth percentile.",
        _spec(band + bars + usual, rows, 220),
        rows,
    )


def days(rows: Rows) -> Chart:
    """Events by day and type. rows: data_day (ISO text), event_type, events."""
    import altair as alt

    chart = alt.Chart().mark_bar().encode(
        x=alt.X("data_day:O", title="day", axis=alt.Axis(labelAngle=-90, labelOverlap=True)),
        y=alt.Y("sum(events):Q", title="events"),
        color=alt.Color("event_type:N", title=None),
        opacity=alt.condition("datum.is_the_day", alt.value(1), alt.value(0.55)),
        tooltip=["data_day:O", "event_type:N", "events:Q"],
    )  # fmt: skip
    return Chart(
        "Events by day",
        f"Stacked bars of events by type for {len({row['data_day'] for row in rows})} days, the last one this day.",
        _spec(chart, rows, 200),
        rows,
    )


def intervals(title: str, rows: Rows, by: str) -> Chart:
    """A measure with its 95 % interval. rows: `by`, value, low and high (None where no interval was taken)."""
    import altair as alt

    y = alt.Y(f"{by}:N", title=None, sort=None, axis=alt.Axis(labelLimit=130))
    tips = [f"{by}:N", *(f"{name}:Q" for name in ("value", "low", "high"))]
    layers = [alt.Chart().mark_point().encode(y=y, x=alt.X("value:Q", title=title), tooltip=tips)]
    has_intervals = ""
    if any(row["low"] is not None for row in rows):
        has_intervals = " with its 95 percent interval"
        layers.insert(0, alt.Chart().mark_rule(strokeWidth=2).encode(y=y, x="low:Q", x2="high:Q", tooltip=tips))
    best = max(rows, key=lambda row: row["value"])
    return Chart(
        title,
        f"A point for each of {len(rows)}{has_intervals}; the greatest is {best[by]} at {best['value']}.",
        _spec(alt.layer(*layers), rows, 30 + 26 * len(rows)),
        rows,
    )


def bars(title: str, rows: Rows, by: str, size: str, colour: str | None = None) -> Chart:
    """Horizontal bars in the order of the rows. rows: `by`, `size`, and `colour` where bars are stacked by it."""
    import altair as alt

    names = list(dict.fromkeys(str(row[by]) for row in rows))
    encoding: dict[str, Any] = {
        "y": alt.Y(f"{by}:N", title=None, sort=names, axis=alt.Axis(labelLimit=130)),
        "x": alt.X(f"sum({size}):Q", title=size.replace("_", " ")),
        "tooltip": [f"{by}:N", *([f"{colour}:N"] if colour else []), f"{size}:Q"],
    }
    if colour:
        encoding["color"] = alt.Color(f"{colour}:N", title=None)
    first = rows[0]
    return Chart(
        title,
        f"Bars of {size.replace('_', ' ')} for {len(names)}, beginning with {first[by]}: {_said(first[size])}.",
        _spec(alt.Chart().mark_bar().encode(**encoding), rows, 40 + 20 * len(names)),
        rows,
    )


def lorenz(rows: Rows, gini: float) -> Chart:
    """How unequally places are spread over items. rows: percent_of_items, share_of_places, both rising."""
    import altair as alt

    x = alt.X("percent_of_items:Q", title="percent of items, those with fewest places first")
    curve = alt.Chart().mark_line().encode(
        x=x, y=alt.Y("share_of_places:Q", title="share of places", scale=alt.Scale(domain=[0, 1])),
        tooltip=["percent_of_items:Q", "share_of_places:Q"],
    )  # fmt: skip
    even = alt.Chart().mark_rule(strokeDash=[4, 4]).encode(
        x=alt.datum(0), x2=alt.datum(100), y=alt.datum(0), y2=alt.datum(1)
    )  # fmt: skip
    return Chart(
        "Gini curve of the lists",
        f"A curve of the share of all places that the least listed items have; the Gini index is {gini:.2f}"
        " (0: every item as often, 1: one item alone). The dashed line is an even spread.",
        _spec(even + curve, rows, 240),
        rows,
    )


def item_map(rows: Rows, departments: Sequence[str], explained: float) -> Chart:
    """Items in the two directions of their factors that tell most. rows: x, y, title, department, buyers_28d.

    departments: those with a colour of their own, in order, then the name for all others. explained: share of the
    factors' variance that the two directions hold, 0 to 1.
    """
    import altair as alt

    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False)
    chart = alt.Chart().mark_circle().encode(
        x=alt.X("x:Q", title="first direction", axis=axis),
        y=alt.Y("y:Q", title="second direction", axis=axis),
        color=alt.Color("group:N", title=None, sort=list(departments), scale=alt.Scale(domain=list(departments))),
        tooltip=["title:N", "department:N", "buyers_28d:Q"],
    )  # fmt: skip
    return Chart(
        "Items by what the factors learnt",
        f"A point for each of the {len(rows)} most bought items, coloured by department; near ones are"
        f" liked by the same people. The two directions hold {explained:.0%} of what the factors tell.",
        _spec(chart, rows, 380),
        rows,
    )


def _said(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _spec(chart: "alt.Chart | alt.LayerChart | alt.FacetChart", rows: Rows, height: int) -> dict[str, Any]:
    """Return the chart as wide as its place on the page; colours come with the page."""
    import altair as alt

    chart = chart.properties(data=alt.InlineData(values=[dict(row) for row in rows]), width="container", height=height)
    spec: dict[str, Any] = chart.to_dict(validate=False, context={"pre_transform": False})
    for name in ("config", "$schema"):
        spec.pop(name, None)
    return spec
