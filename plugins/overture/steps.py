"""The table of contents: every step of a run in order, each a short function that reads, computes, writes or checks."""

import dataclasses
import sys
from collections.abc import Callable
from datetime import date

from overture import copywriting, gates, personalising, preferences, recommending, reporting
from overture.adapters import bundled_source, model_store, sources, transform
from overture.adapters.catalog import open_catalog
from overture.adapters.warehouse import Warehouse, copy_models, fences, landing, open_warehouse, publish, runs
from overture.adapters.warehouse.approvals import require_approval
from overture.adapters.warehouse.champions import champion_of, configuration_of_run
from overture.adapters.warehouse.rankers import version_in_force
from overture.adapters.warehouse.runs import Models, StepCost
from overture.configuration import config_hash, load_config
from overture.cost import measured
from overture.errors import UsageError
from overture.run import THE_NEWEST, Joining, Run
from overture.settings import Settings

Step = Callable[[Run, Warehouse], StepCost | None]


def prepare_model(run: Run, warehouse: Warehouse) -> None:
    """Have the language model ready in its folder: converted once, verified always."""
    model_store.ensure_model(run.settings)


def land_day(run: Run, warehouse: Warehouse) -> None:
    """Read the day's files, and those of earlier days not read yet, into the raw tables."""
    source = sources.load_source(run.settings.source)
    bundled_source.ensure_landing_files(run.settings, source)
    landing.land_day(warehouse, source, run.settings.landing, run.day)


def check_landed(run: Run, warehouse: Warehouse) -> None:
    """Refuse a day without events, with too many bad rows, or with unknown files."""
    gates.check_landed(run, warehouse, sources.load_source(run.settings.source))


def build_staging(run: Run, warehouse: Warehouse) -> None:
    """Show the raw tables under their staging names."""
    _build(run, warehouse, "staging")


def build_intermediate(run: Run, warehouse: Warehouse) -> None:
    """Clean the events, and weigh every user's interactions up to the day."""
    _build(run, warehouse, "intermediate")


def check_interactions(run: Run, warehouse: Warehouse) -> None:
    """Refuse interactions that are not finite, not unique, or later than the day."""
    gates.check_interactions(run, warehouse)


def build_marts(run: Run, warehouse: Warehouse) -> None:
    """Build item facts, offers, preferences and the audience as of the day."""
    _build(run, warehouse, "marts")


def check_marts(run: Run, warehouse: Warehouse) -> None:
    """Refuse facts and audiences that contradict themselves."""
    gates.check_marts(run, warehouse)


def train_factors(run: Run, warehouse: Warehouse) -> None:
    """Learn preference factors, store them, and judge them on held-out days."""
    preferences.train_factors(run, warehouse)


def check_factors(run: Run, warehouse: Warehouse) -> None:
    """Refuse factors that are not finite, not in range, or not of this input."""
    gates.check_factors(run, warehouse)


def rank_items(run: Run, warehouse: Warehouse) -> None:
    """Rank ten items for every eligible user, each with its reason."""
    recommending.rank_items(run, warehouse)


def check_recommendations(run: Run, warehouse: Warehouse) -> None:
    """Refuse lists with gaps, bought or unavailable items, or uncovered users."""
    gates.check_recommendations(run, warehouse)


def prepare_copy(run: Run, warehouse: Warehouse) -> StepCost:
    """Choose who gets a message and ask for the drafts that no earlier run has stored."""
    return copywriting.prepare_copy(run, warehouse)


def write_copy(run: Run, warehouse: Warehouse) -> StepCost:
    """Generate the missing drafts in the copy environment."""
    return copywriting.write_copy(run, warehouse)


def render_messages(run: Run, warehouse: Warehouse) -> None:
    """Check each draft, fill its slots from the day's facts, and note what proves each."""
    copywriting.render_messages(run, warehouse)


def measure_messages(run: Run, warehouse: Warehouse) -> None:
    """Measure how personal the messages are: does each fit its own reader better than others."""
    personalising.measure_messages(run, warehouse)


def check_messages(run: Run, warehouse: Warehouse) -> None:
    """Refuse messages with open slots, unproven figures, or readers who did not consent."""
    gates.check_messages(run, warehouse)


def publish_day(run: Run, warehouse: Warehouse) -> None:
    """Show the day's rows of all marts at once."""
    if load_config("copy")["approval"]["messages"]:
        require_approval(warehouse, run)
    before = tuple(STEPS)[: list(STEPS).index("publish_day")]
    publish.publish_day(warehouse, run, before, JUDGED)


def write_report(run: Run, warehouse: Warehouse) -> None:
    """Write the pages that show people what was published, what each gate saw and what it cost."""
    reporting.write_documentation(run, warehouse)
    reporting.write_report(run, warehouse)


def _build(run: Run, warehouse: Warehouse, layer: str) -> None:
    source = sources.load_source(run.settings.source)
    chosen = configuration_of_run(warehouse, run)
    stated = {
        "currency": source.currency,
        "event_weights": dict(chosen.event_weights),
        "half_life_days": chosen.half_life_days,
    }
    with warehouse.exclusive(f"dbt {layer} {run.day}") as holder:
        transform.build_layer(run.settings, layer, run.day, stated, holder)


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        prepare_model,
        land_day,
        check_landed,
        build_staging,
        build_intermediate,
        check_interactions,
        build_marts,
        check_marts,
        train_factors,
        check_factors,
        rank_items,
        check_recommendations,
        prepare_copy,
        write_copy,
        render_messages,
        measure_messages,
        check_messages,
        publish_day,
        write_report,
    )
}
GATES = tuple(name for name in STEPS if name.startswith("check_"))
JUDGED = tuple(name for name in STEPS if name not in {*GATES, "prepare_model", "publish_day", "write_report"})
"""Steps whose rows a later gate judges."""


def open_run(settings: Settings, day: date, run_id: str | None = None) -> Run:
    """Begin a run of `day`, with an id of its own where none is given.

    Raises DayRangeError for a day outside the source's range.
    """
    sources.load_source(settings.source).require_day(day)
    with open_warehouse(settings) as warehouse:
        champion, ranker = champion_of(warehouse, day), version_in_force(warehouse, day)
        copy_model = copy_models.in_force(warehouse, day)
        beside = [version for version in (ranker, copy_model) if version is not None]
        models = Models(champion.as_json(), ranker, copy_model)
        begun = runs.open_run(warehouse, day, run_id, config_hash(champion.version, *beside), models)
    return Run(settings, day, None, begun.run_id, begun.token)


def perform(name: str, settings: Settings, day: date, joining: Joining = THE_NEWEST) -> StepCost:
    """Do one step of the newest try of a run, and note what it cost; return that.

    Of several workers of a step, those after the first are known by its name and their number. Raises UsageError for an
    unknown step or a day without a run, SupersededError when a newer run or try exists, and whatever the step raises.
    """
    if name not in STEPS:
        raise UsageError("no such step", where="step", expected=", ".join(STEPS), got=name)
    with open_warehouse(settings) as warehouse:
        run = runs.join_run(warehouse, settings, day, joining.run_id, joining.users)
        run, (number, _) = dataclasses.replace(run, worker=joining.worker), joining.worker
        catalog, known_by = warehouse.catalog.lake, f"{name}.{number}" if number else name
        warehouse.attempt = fences.begin_step(catalog, day, known_by, run.token, run.run_id)
        with measured() as use:
            cost = STEPS[name](run, warehouse) or StepCost()
        cost = dataclasses.replace(cost, seconds=use.seconds, peak_mb=use.peak_mb)
        runs.record_cost(warehouse, day, known_by, cost)
        fences.finish(catalog, warehouse.attempt)
    return cost


def refuse_where_somebody_is_asked() -> None:
    """Raise UsageError where the configuration has messages wait for a person, whom nobody could ask here."""
    if messages := load_config("copy")["approval"]["messages"]:
        expected = "a run under Airflow's scheduler (overture up), where a person answers, or messages = 0"
        raise UsageError("messages wait for an approval", where="copy.toml [approval]", expected=expected, got=messages)


def newest_run_id(settings: Settings, day: date) -> str | None:
    """Return the id of the day's newest run; None when it has none."""
    with open_warehouse(settings) as warehouse:
        return runs.newest_run_id(warehouse, day)


def run_day(settings: Settings, day: date, users: int | None) -> None:
    """Do every step of `day` in order, in this process, and say each step's cost on standard error.

    Raises UsageError where the configuration has messages wait for a person, and whatever a step raises.
    """
    refuse_where_somebody_is_asked()
    with open_catalog(settings):
        run = open_run(settings, day)
        for number, name in enumerate(STEPS, 1):
            place = f"[{number:2d}/{len(STEPS)}] {name:<24}"
            if sys.stderr.isatty():  # a log gets finished lines alone
                print(f"{place}  ...", end="\r", flush=True, file=sys.stderr)
            cost = perform(name, settings, day, Joining(run.run_id, users))
            print(f"{place}{cost.seconds:7.1f} s {cost.peak_mb:6.0f} MB", flush=True, file=sys.stderr)
