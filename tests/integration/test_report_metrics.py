"""The figures of a day in Prometheus's text: what is published, whatever the shop's texts are, at a fixed place."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

import report_day
from overture import reporting
from overture.adapters.warehouse import Warehouse, open_warehouse
from overture.adapters.warehouse.recalls import Recall
from overture.recalling import recall
from overture.settings import Settings
from report_day import DAY, HOSTILE

NOW = datetime(2017, 12, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)
MESSAGES = 40

Figures = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture(scope="module")
def lake(module_settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(module_settings) as opened:
        reporting.write_report(report_day.publish(opened, module_settings, messages=MESSAGES), opened)
        yield opened


def text_of(settings: Settings) -> str:
    return (settings.reports / str(DAY) / reporting.METRICS).read_text(encoding="utf-8")


def figures(settings: Settings) -> Figures:
    """Every sample by its metric and its labels' values in the order of their names, read by Prometheus's parser."""
    return {
        family.name: {
            tuple(sample.labels[name] for name in sorted(sample.labels)): sample.value for sample in family.samples
        }
        for family in text_string_to_metric_families(text_of(settings))
    }


def rows(lake: Warehouse, sql: str) -> dict[tuple[str, ...], float]:
    return {tuple(str(value) for value in row[:-1]): float(row[-1]) for row in lake.rows(sql, [DAY])}


def test_figures_are_those_of_the_published_tables(lake: Warehouse, module_settings: Settings) -> None:
    found = figures(module_settings)
    assert found["overture_data_day_timestamp_seconds"] == {(): datetime(2017, 11, 28, tzinfo=UTC).timestamp()}
    assert found["overture_messages"] == {(): MESSAGES}
    shares = "select rung, count(*) / sum(count(*)) over () from marts.messages where data_day = ? group by rung"
    assert found["overture_message_rung_ratio"] == pytest.approx(rows(lake, shares))
    for name, size in (
        ("input_tokens", "tokens_in"),
        ("drafts_made", "drafts_made"),
        ("drafts_reused", "drafts_reused"),
    ):
        sums = f"select step, {size} from marts.run_costs where data_day = ? and {size} is not null"
        assert found[f"overture_step_{name}"] == rows(lake, sums)
    gates = "select step, count(*) filter (success) from marts.validations where data_day = ? group by step"
    passed = {
        step: count for (outcome, step), count in found["overture_gate_expectations"].items() if outcome == "passed"
    }
    assert passed == {step: count for (step,), count in rows(lake, gates).items()}
    lists = "select strategy, task, count(*) from marts.recommendations where data_day = ? group by all"
    assert found["overture_recommendations"] == rows(lake, lists)


def test_what_a_gate_saw_of_several_is_a_figure_each(lake: Warehouse, module_settings: Settings) -> None:
    lake.execute(
        "insert into marts.validations by name select ?::date as data_day, 'check_landed' as step,"
        " 'the_day_is_not_far_from_the_usual' as expectation, true as success, 'events: 0.98; users: 1' as observed",
        [DAY],
    )
    reporting.write_day(module_settings, lake, DAY)
    seen = figures(module_settings)["overture_gate_observed"]
    drift = {of: value for (expectation, of, _), value in seen.items() if expectation.startswith("the_day_is_not_far")}
    assert drift == {"events": 0.98, "users": 1.0}


def test_every_metric_says_what_it_is_and_none_bears_a_time_or_grows(
    lake: Warehouse, module_settings: Settings
) -> None:
    families = list(text_string_to_metric_families(text_of(module_settings)))
    assert len(families) > 10
    for family in families:
        assert family.name.startswith("overture_")
        assert not family.name.endswith("_total")
        assert family.type == "gauge"
        assert family.documentation.endswith(".")
        assert {sample.timestamp for sample in family.samples} == {None}
    assert text_of(module_settings).count("# HELP ") == text_of(module_settings).count("# TYPE ") == len(families)


def test_a_hostile_text_in_a_label_stays_one_value(lake: Warehouse, module_settings: Settings) -> None:
    hostile = f'{HOSTILE}\\"}} 1\noverture_messages 999'
    lake.execute("update marts.run_costs set step = ? where data_day = ? and step = 'write_copy'", [hostile, DAY])
    reporting.write_day(module_settings, lake, DAY)
    found = figures(module_settings)
    assert (hostile,) in found["overture_step_seconds"]
    assert found["overture_messages"] == {(): MESSAGES}


def test_a_recalled_message_is_not_counted_as_published_here_or_at_the_fixed_place(
    lake: Warehouse, module_settings: Settings
) -> None:
    someone = lake.rows("select min(user_id) from marts.messages where data_day = ?", [DAY])[0][0]
    recall(module_settings, Recall("message", someone, DAY, "a mistake", "somebody", NOW))
    found = figures(module_settings)
    assert found["overture_messages"] == {(): MESSAGES - 1}
    assert found["overture_recalled_messages"] == {(): 1}
    fixed = module_settings.reports / reporting.METRICS
    assert fixed.read_text(encoding="utf-8") == text_of(module_settings)
