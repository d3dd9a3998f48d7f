"""A state machine over one real lake: days delivered, corrected, run, killed and read in any order, against a model.

The model is what a reader of the promises would write down: which files were landed, which events each day must
therefore know of, and what each run published. Landing, fences, publish and reads are the product's own; of dbt's
models the one that decides which day has which event is rendered here (prove/rendered_models.py).
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from overture.adapters.sources import Source, load_source
from overture.adapters.warehouse import Warehouse, landing, open_warehouse, publish, runs
from overture.adapters.warehouse.contracts import DIARIES, contracts
from overture.adapters.warehouse.fences import Try
from overture.adapters.warehouse.query import query
from overture.errors import SupersededError
from overture.run import Run
from overture.settings import Settings
from prove.expected import DAYS, FIRST, Deliveries, Expected
from prove.rendered_models import build_models

SOURCE = Path(__file__).with_name("machine_source.toml")
VIEWS = ("stg_shop__events", "stg_shop__landings", "int_days_landed")
CLEANED = "intermediate.int_events_cleaned"


class KilledError(Exception):
    """Stands for the death of a process in the middle of a transaction."""


EVENTS = st.dictionaries(
    st.sampled_from(["e1", "e2", "e3"]),
    st.tuples(st.sampled_from(["anna", "bert"]), st.sampled_from([None, 150, 299]), st.integers(0, 2)),
    min_size=1,
)
DAY = st.sampled_from(DAYS)
KILLS = st.sampled_from(
    [None, None, None, "landing", "after landing", "cleaning", *["after cleaning"] * 5, "filling", "publishing"]
)
"""Where a run is killed: most often after cleaning, where days meet; publishing takes longest."""


class LakeMachine(RuleBasedStateMachine):
    """One example: a lake without days, and whatever happens to it."""

    lake: Warehouse
    source: Source

    @initialize()
    def begin(self) -> None:
        """Empty the lake."""
        self.expected = Expected()
        self.opened: list[Run] = []
        self.tries: dict[int, Try] = {}
        _empty(self.lake)
        for day in DAYS:
            self._write_file(day)

    @rule(day=DAY, events=EVENTS)
    def deliver(self, day: date, events: Deliveries) -> None:
        """The shop delivers a day's file, or another one in its place; some events are late, some came before."""
        self.expected.delivered[day] = events
        self._write_file(day)

    @rule(day=DAY, killed=KILLS, events=EVENTS)
    def deliver_and_run(self, day: date, killed: str | None, events: Deliveries) -> None:
        """What most often happens, so that most examples hold it."""
        self.deliver(day, events)
        self.run(day, killed)

    @rule(day=DAY, killed=KILLS)
    def run(self, day: date, killed: str | None) -> None:
        """A run of a day from landing to publish, or until it is killed."""
        run = self._open(day)
        try:
            self._work(killed == "landing", lambda: landing.land_day(self.lake, self.source, self._folder, day))
            self.expected.land(day)
            if killed == "after landing":
                return
            self._work(killed == "cleaning", lambda: _clean(self.lake, day))
            self._check_cleaned(day)
            if killed == "after cleaning":
                return
            self._work(killed == "filling", lambda: _fill(self.lake, day))
            self._work(killed == "publishing", lambda: publish.publish_day(self.lake, run, (), ()))
        except KilledError:
            return
        self.expected.publish(day, run.run_id)
        self.read()

    @precondition(lambda self: self._superseded())
    @rule(data=st.data())
    def zombie(self, data: st.DataObject) -> None:
        """A run that a newer one of its day has superseded wakes up and tries to write and to publish."""
        run = data.draw(st.sampled_from(self._superseded()))
        for work in (lambda: _fill(self.lake, run.day), lambda: publish.publish_day(self.lake, run, (), ())):
            self.lake.attempt = self.tries[run.token]
            try:
                work()
            except SupersededError:
                continue
            finally:
                self.lake.attempt = None
            raise AssertionError(f"{run.run_id} wrote although a newer run of {run.day} exists")

    def read(self) -> None:
        """A reader sees exactly what was published, and no event twice."""
        found = self.lake.rows("select data_day, user_id, text from marts.messages")
        _require_equal(
            "published", sorted(found), sorted((*key, text) for key, text in self.expected.published.items())
        )
        if self.lake.columns(CLEANED):
            twice = self.lake.rows(f"select event_id from {CLEANED} group by event_id having count(*) > 1")
            _require_equal("events that stand twice", twice, [])

    @precondition(lambda self: self.expected.of_runs)
    @rule(data=st.data())
    def read_as_of_run(self, data: st.DataObject) -> None:
        """What a run published is read again as it was then."""
        run_id = data.draw(st.sampled_from(sorted(self.expected.of_runs)))
        found = query(self.lake.settings, "select data_day, user_id, text from marts.messages", run_id).to_pylist()
        read = sorted((row["data_day"], row["user_id"], row["text"]) for row in found)
        _require_equal(run_id, read, sorted((*key, text) for key, text in self.expected.of_runs[run_id].items()))

    @property
    def _folder(self) -> Path:
        return self.lake.settings.landing

    def _write_file(self, day: date) -> None:
        path = self._folder / self.source.name / f"{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["id,user,at,paid"]
        for event_id, (user, cents, late) in self.expected.delivered[day].items():
            paid = "" if cents is None else f"{cents / 100:.2f}"
            lines.append(f"{event_id},{user},{day - timedelta(days=late)} 08:00:00,{paid}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _open(self, day: date) -> Run:
        begun = runs.open_run(self.lake, day, None, "configuration")
        run = Run(self.lake.settings, day, None, begun.run_id, begun.token)
        self.lake.attempt = None
        self.opened.append(run)
        self.tries[run.token] = begun
        return run

    def _superseded(self) -> list[Run]:
        newest = {run.day: run for run in self.opened}
        return [run for run in self.opened if newest[run.day] is not run]

    def _work(self, is_killed: bool, work: Callable[[], object]) -> None:
        def doomed(_: Warehouse) -> None:
            work()
            raise KilledError

        if is_killed:
            self.lake.write("doomed", doomed)
        work()

    def _check_cleaned(self, day: date) -> None:
        found = self.lake.rows(
            f"select event_id, data_day, user_id, value, occurred_at from {CLEANED} where data_day <= ?", [day]
        )
        wanted = [
            (event_id, arrived, user, None if cents is None else cents / 100, _at(arrived - timedelta(days=late)))
            for event_id, (arrived, (user, cents, late)) in self.expected.known(day).items()
        ]
        read = sorted((row[0], row[1], row[2], _number(row[3]), row[4]) for row in found)
        _require_equal(f"events known on {day}", read, sorted(wanted))


def _require_equal(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"{what}; expected: {expected}; got: {found}")


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC).replace(tzinfo=None)


def _clean(lake: Warehouse, day: date) -> None:
    build_models(lake, ["int_events_cleaned"], day, {})


def _fill(lake: Warehouse, day: date) -> None:
    """Make the day's candidate: for each user how many events arrived by the day, and what was paid."""
    rows = lake.arrow(
        "select ?::date as data_day, user_id,"
        " printf('%d for %.2f', count(*), coalesce(sum(value), 0)::double) as text"
        f" from {CLEANED} where data_day <= ? group by user_id",
        [day, day],
    )
    lake.replace_day("candidate.messages", day, rows)


def _empty(lake: Warehouse) -> None:
    def work(inside: Warehouse) -> None:
        inside.execute(f"drop table if exists {CLEANED}")
        for table in ("raw.events", "raw.quarantine", "raw.landings", "candidate.messages", "marts.messages"):
            inside.execute(f"delete from {table}")

    lake.write("empty", work)


def prepare(lake: Warehouse) -> Source:
    """Make the lake's tables and views, and the source; the machine works on them."""

    def work(inside: Warehouse) -> None:
        landing.ensure_raw_tables(inside)
        for table in contracts():
            inside.ensure_table(f"marts.{table}")
            if table not in DIARIES:
                inside.ensure_table(f"candidate.{table}")
        build_models(inside, VIEWS, FIRST, {})

    lake.write("prepare", work)
    return load_source(SOURCE)


def run_machine(home: Settings, number: int, examples: int, steps: int) -> None:
    """Run `examples` examples of `steps` steps in an empty home; raise AssertionError with the steps of a failing one.

    number: the seed; the same one gives the same examples.
    """
    with open_warehouse(home) as lake:
        bound = type("BoundMachine", (LakeMachine,), {"lake": lake, "source": prepare(lake)})
        run_state_machine_as_test(
            seed(number)(bound),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )


def main(number: int, examples: int) -> None:
    """Run the machine in a home of its own, with an embedded server, and remove both."""
    with tempfile.TemporaryDirectory(prefix="overture-machine-") as folder:
        home = Settings.from_environment({"OVERTURE_HOME": str(Path(folder) / "home")})
        run_machine(replace(home, threads=1), number, examples, steps=20)
