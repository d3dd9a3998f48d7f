"""Turns what is read of a published day into the pictures, cards and tables of its page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from overture.adapters.warehouse.report_reads import Reads
from overture.core.factors import Factors
from overture.core.item_map import lay_out
from overture.core.marked import parts
from overture.pages import charts
from overture.pages.charts import Chart

Rows = list[dict[str, Any]]

MOST_TYPES = 6
"""Types of events with a picture of their own, the most frequent ones."""

OTHERS = "others"


def values_of(day: date, reads: Reads) -> dict[str, Any]:
    """Return what the template of a day shows beside its pictures."""
    rows = {
        section: {name: None if found is None else found.to_pylist() for name, found in queries.items()}
        for section, queries in reads.sections.items()
    }
    verdicts = rows["gates"]["verdicts"]
    return {
        **{name: rows[name] for name in ("came_in", "learned", "recommended", "written", "took", "writers")},
        "day": day.isoformat(),
        "run_id": reads.run_id,
        "withdrawn": reads.withdrawn,
        "messages": reads.published["messages"],
        "published": [{"table": f"marts.{name}", "rows": count} for name, count in reads.published.items()],
        "verdicts": verdicts,
        "alike_verdict": None if verdicts is None else _alike(verdicts),
        "gaps": _gaps(rows["recommended"]["groups"]),
        "cards": _cards(rows["written"]["cards"], rows["written"]["claims"]),
        "tiles": _tiles(reads, rows),
    }


def pictures_of(reads: Reads, factors: Factors | None, limits: Mapping[str, Any]) -> dict[str, list[Chart]]:
    """Return the pictures of each section; a query without rows has none. limits: config/report.toml.

    factors: those of the day; None where they are not kept.
    """
    came_in, learned, recommended, written, took = (
        {name: [] if found is None else found.to_pylist() for name, found in reads.sections[section].items()}
        for section in ("came_in", "learned", "recommended", "written", "took")
    )
    plane = _map(factors, reads.sections["learned"]["facts"], limits["map"])
    return {
        "written": _rungs(written["rungs"]),
        "came_in": _hours(came_in["hours"]) + _days(came_in["days"]),
        "learned": _measures(learned["metrics"]) + ([] if plane is None else [plane]),
        "recommended": _lists(recommended),
        "took": _costs(took["costs"]),
    }


def _tiles(reads: Reads, rows: Mapping[str, Mapping[str, Rows | None]]) -> Rows:
    verdicts, costs = rows["gates"]["verdicts"] or [], rows["took"]["costs"] or []
    passed, messages = sum(row["success"] for row in verdicts), reads.published["messages"]
    templates = sum(row["messages"] for row in rows["written"]["rungs"] or [] if row["rung"] == "template")
    reach = (rows["recommended"]["reach"] or [{}])[0]
    return [
        {"name": "messages", "value": f"{messages:,}"},
        {"name": "expectations met", "value": f"{passed} of {len(verdicts)}",
         "is_good": bool(verdicts) and passed == len(verdicts)},
        {"name": "plain templates", "value": f"{templates / messages:.0%}" if messages else "none"},
        {"name": "places in lists", "value": f"{reads.published['recommendations']:,}"},
        {"name": "items in lists", "value": f"{reach.get('listed') or 0:,}"},
        {"name": "seconds", "value": f"{sum(row['seconds'] or 0 for row in costs):,.0f}"},
    ]  # fmt: skip


def _cards(cards: Rows | None, claims: Rows | None) -> Rows:
    of_user: dict[str, Rows] = defaultdict(list)
    for claim in claims or []:
        of_user[claim["user_id"]].append(claim)
    return [
        {
            **card,
            "claims": of_user[card["user_id"]],
            "parts": parts(card["text"] or "", [claim["rendered"] or "" for claim in of_user[card["user_id"]]]),
        }
        for card in cards or []
    ]


def _alike(verdicts: Rows) -> Rows:
    named = ("expectation", "observed", "expected")
    return [
        {name: row[name] for name in named} for row in verdicts if row["expectation"] == "texts_are_not_too_much_alike"
    ]


def _gaps(groups: Rows | None) -> Rows | None:
    return None if groups is None else [row for row in groups if row["user_group"].startswith("spread ")]


def _hours(rows: Rows) -> list[Chart]:
    of_type: dict[str, Rows] = defaultdict(list)
    for row in rows:
        of_type[row["event_type"]].append({name: value for name, value in row.items() if name != "event_type"})
    most = sorted(of_type, key=lambda name: (-sum(row["events"] for row in of_type[name]), name))
    return [charts.hours(name, of_type[name]) for name in most[:MOST_TYPES]]


def _days(rows: Rows) -> list[Chart]:
    return [charts.days([{**row, "data_day": row["data_day"].isoformat()} for row in rows])] if rows else []


def _measures(rows: Rows) -> list[Chart]:
    """Show each protocol's and task's first measure: of the newest day judged, the longest horizon, one cut-off."""
    newest: dict[tuple[str, str], Rows] = {}
    for row in sorted(rows, key=lambda row: (row["judged_day"], row["horizon_days"] or 0, row["k"] or 0)):
        if row["metric"] != "ndcg":
            continue
        key, name = (row["protocol"], row["task"]), ("judged_day", "horizon_days", "k")
        kept = newest.get(key, [])
        alike = [other for other in kept if all(other[n] == row[n] for n in name)]
        newest[key] = [*alike, row]
    found = []
    for (protocol, task), measured in sorted(newest.items()):
        shown = [{name: row[name] for name in ("strategy", "value", "low", "high", "users")} for row in measured]
        baseline = measured[0]["baseline"]
        if baseline is not None and all(row["strategy"] != "popular" for row in measured):
            shown.append({"strategy": "popular", "value": baseline, "low": None, "high": None, "users": None})
        shown.sort(key=lambda row: (-row["value"], row["strategy"]))
        found.append(charts.intervals(f"nDCG@{measured[0]['k']}, {task}, {protocol}", shown, "strategy"))
    return found


def _lists(rows: Mapping[str, Rows]) -> list[Chart]:
    found = []
    if rows["strategies"]:
        found.append(charts.bars("Places by strategy", rows["strategies"], "strategy", "places", "task"))
    if rows["departments"]:
        found.append(charts.bars("Places by department", rows["departments"], "department", "places", "task"))
    if len(rows["lorenz"]) > 1:
        curve = [{"percent_of_items": 0, "share_of_places": 0.0}, *rows["lorenz"]]
        found.append(charts.lorenz(curve, gini_of([row["share_of_places"] or 0.0 for row in curve])))
    of_group: dict[tuple[str, ...], Rows] = defaultdict(list)
    for row in rows["groups"]:
        if row["metric"] == "ndcg" and " " in row["user_group"] and not row["user_group"].startswith("spread "):
            named = (row["protocol"], row["task"], row["strategy"])
            of_group[named].append(
                {"group": row["user_group"], **{n: row[n] for n in ("value", "low", "high", "users")}}
            )
    for (protocol, task, strategy), groups in sorted(of_group.items())[:2]:
        found.append(charts.intervals(f"nDCG by group of readers: {strategy}, {task}, {protocol}", groups, "group"))
    return found


def gini_of(shares: Sequence[float]) -> float:
    """Return the Gini index of a Lorenz curve with evenly spaced points from 0 to 1; by trapezia."""
    curve = np.asarray(shares, dtype=np.float64)
    return float(1 - (curve[1:] + curve[:-1]).sum() / (len(curve) - 1))


def _rungs(rows: Rows) -> list[Chart]:
    if not rows:
        return []
    refused = [
        {"why": row["refusal"], "messages": row["messages"], "rung": row["rung"]} for row in rows if row["refusal"]
    ]
    found = [charts.bars("Messages by rung", _summed(rows, "rung", "messages"), "rung", "messages")]
    return found + ([charts.bars("Why drafts were refused", refused, "why", "messages", "rung")] if refused else [])


def _summed(rows: Rows, by: str, size: str) -> Rows:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row[by]] += row[size]
    return [{by: name, size: total} for name, total in sums.items()]


def _costs(rows: Rows) -> list[Chart]:
    found = []
    for title, size in (
        ("Seconds by step", "seconds"),
        ("Peak memory by step", "peak_mb"),
        ("Tokens by step", "tokens"),
    ):
        if size == "tokens":
            told = [
                {"step": row["step"], "tokens": row[name], "kind": name.removeprefix("tokens_")}
                for row in rows for name in ("tokens_in", "tokens_out") if row[name]
            ]  # fmt: skip
        else:
            told = [{"step": row["step"], size: row[size]} for row in rows if row[size] is not None]
        if told:
            found.append(charts.bars(title, told, "step", size, "kind" if size == "tokens" else None))
    return found


def _map(factors: Factors | None, facts: pa.Table | None, limits: Mapping[str, Any]) -> Chart | None:
    """Return the map of as many items as it may show: the most bought, of equals those first by hash and seed.

    The factors of what hardly anyone buys are mostly chance, and tens of thousands of such items would hide the others.
    """
    if factors is None or facts is None or not facts.num_rows or not len(factors.item_ids):
        return None
    asked = np.asarray(facts["item_id"].to_pylist(), dtype=np.str_)
    at = np.searchsorted(factors.item_ids, asked).clip(max=len(factors.item_ids) - 1)
    drawn = np.flatnonzero(factors.item_ids[at] == asked)[: limits["items"]]
    if not len(drawn):
        return None
    plane = lay_out(factors.item_factors[at[drawn]])
    rows = facts.take(pa.array(drawn)).to_pylist()
    named, others = _largest(rows, limits["departments"]), []
    for row, (x, y) in zip(rows, plane.places, strict=True):
        row |= {"x": round(float(x), 4), "y": round(float(y), 4), "department": row["department"] or "unknown"}
        row["group"] = row["department"] if row["department"] in named else OTHERS
        others += [row] if row["group"] == OTHERS else []
    return charts.item_map(rows, [*named, *([OTHERS] if others else [])], plane.explained)


def _largest(rows: Rows, most: int) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["department"] or "unknown"] += 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:most]
