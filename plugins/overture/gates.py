"""The gates between the steps: each measures one hand-over of a day, has it judged, and keeps the verdicts.

The order is always the same: verdicts are written to `marts.validations`, where a refused day can be looked at, and
only then is the day refused with a GateError.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from overture import wordings
from overture.adapters.artifacts import factors_folder
from overture.adapters.factor_audit import measure_factors
from overture.adapters.model_store import languages_of
from overture.adapters.sources import Source, load_source
from overture.adapters.warehouse import Warehouse, audits
from overture.adapters.warehouse.champions import configuration_of_run
from overture.composing import draft_rules
from overture.configuration import load_config
from overture.core.ranking import STRATEGIES
from overture.languages import locales, stated_for
from overture.quality.gate import judge, refuse
from overture.run import Run
from overture.sharing import SIMILAR

if TYPE_CHECKING:
    import pandas as pd

RUNGS = ("draft", SIMILAR, "template")
"""Where a message's text may come from, the higher rung first."""


def run_gate(
    warehouse: Warehouse, suite_name: str, measured: "Mapping[str, object] | pd.DataFrame", step: str, day: date
) -> None:
    """Judge `measured` by a suite, record every verdict, then raise GateError if any expectation failed.

    The verdicts replace those of the same day and step and are visible at once, passed or not.
    """
    verdicts = judge(suite_name, measured)
    audits.record(warehouse, day, step, [asdict(verdict) for verdict in verdicts])
    refuse(suite_name, verdicts, f"{step} of {day}")


def check_landed(run: Run, warehouse: Warehouse, source: Source) -> None:
    """Refuse a day whose files brought no events, too many bad rows, or rows that landing should have kept out."""
    import pandas as pd

    thresholds = load_config("gates")["landed_events"]
    limits = {
        name: audits.EntityLimits(
            least_files=0 if entity.may_be_absent else 1,
            least_rows=0 if run.day in source.closed_days else thresholds["least_rows"].get(name, 0),
            allowed_share=entity.max_quarantined_share,
        )
        for name, entity in source.entities.items()
    }
    day_end = _end_of_day(run.day, source.timezone)
    rows = audits.landed(warehouse, run.day, day_end, limits, thresholds["usual_needs_rows"])
    measured = pd.DataFrame(rows, index=[row["entity"] for row in rows])
    run_gate(warehouse, "landed_events", measured, "check_landed", run.day)


def check_interactions(run: Run, warehouse: Warehouse) -> None:
    """Refuse interactions that are not finite, not unique, later than the day, or not all that was landed."""
    weights = load_source(run.settings.source).event_weights
    measured = audits.interactions(warehouse, run.day, list(weights))
    run_gate(warehouse, "interactions", measured, "check_interactions", run.day)


def check_marts(run: Run, warehouse: Warehouse) -> None:
    """Refuse facts, offers, preferences and audiences that contradict themselves or each other."""
    least = load_config("gates")["marts"]["least_eligible_users"]
    measured = audits.marts(warehouse, run.day, load_config("audience")["active_days"], least)
    run_gate(warehouse, "marts", measured, "check_marts", run.day)


def check_factors(run: Run, warehouse: Warehouse) -> None:
    """Refuse factors that are not finite, not in range, not of this day's interactions, or altered since."""
    import pandas as pd

    parameters = configuration_of_run(warehouse, run).parameters
    expected = audits.trained(warehouse, run.day, parameters.least_weight)
    rows = measure_factors(factors_folder(run.settings, run.day), run.day, expected, parameters.factors)
    measured = pd.DataFrame(rows, index=[row["side"] for row in rows])
    run_gate(warehouse, "factors", measured, "check_factors", run.day)


def check_recommendations(run: Run, warehouse: Warehouse) -> None:
    """Refuse lists with gaps or repeats, with bought or unavailable items, for the wrong users or not for all."""
    limits = load_config("gates")["recommendations"]
    measured = audits.recommendations(warehouse, run.day, load_config("ranking"), limits, STRATEGIES)
    run_gate(warehouse, "recommendations", measured, "check_recommendations", run.day)


def check_messages(run: Run, warehouse: Warehouse) -> None:
    """Refuse messages with open slots, with figures that no cell proves, or to readers who did not consent."""
    config = load_config("copy")
    requested = config["audience"]["users"] if run.users is None else run.users
    limits = {
        **load_config("gates")["messages"],
        "locales": {
            name: {
                "text_length": draft_rules(name).writing.length,
                "decimal_sign": stated_for(name)["decimal_sign"],
                "has_prompt": "prompt" in stated_for(name),
            }
            for name in locales()
        },
        "model_languages": languages_of(run.settings),
        "choices": config["message"]["choices"],
        "canaries": load_config("canaries")["each_day"],
        "buying_event_types": load_config("interactions")["buying_event_types"],
    }
    measured = audits.messages(warehouse, run.day, requested, RUNGS, limits)
    measured |= wordings.measure(warehouse, run.day, limits)
    run_gate(warehouse, "messages", measured, "check_messages", run.day)


def _end_of_day(day: date, timezone: str) -> datetime:
    """Return the first instant after the day, by the clock of `timezone`, in UTC without a zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    return midnight.astimezone(UTC).replace(tzinfo=None)
