"""The gate: runs one suite of expectations over a small frame of measured quantities and refuses what fails."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from overture.configuration import load_config
from overture.errors import GateError
from overture.quality.suites import factors, interactions, landed_events, marts, messages, recommendations

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
    from great_expectations.expectations import Expectation

SUITES: "dict[str, Callable[[Mapping[str, Any]], list[Expectation]]]" = {
    "landed_events": landed_events.expectations,
    "interactions": interactions.expectations,
    "marts": marts.expectations,
    "factors": factors.expectations,
    "recommendations": recommendations.expectations,
    "messages": messages.expectations,
}
"""One suite for each hand-over, by name; the thresholds it is given stand in `config/gates.toml` under that name."""

EXAMPLE = "_example"
"""A text column `<quantity>_example` names one of the rows that a count of faults counted; null when there is none."""

LONGEST_TEXT = 300
"""Characters of `observed` and `expected` kept: ids come from outside and may be long."""


@dataclass(frozen=True)
class Validation:
    """What one expectation said: a row of `marts.validations` without its day and step."""

    suite: str
    expectation: str
    success: bool
    observed: str
    expected: str


def refuse(suite_name: str, verdicts: Sequence[Validation], where: str) -> None:
    """Raise GateError, which names every failed expectation and explains the first, when there is one."""
    failed = [verdict for verdict in verdicts if not verdict.success]
    if failed:
        raise GateError(
            f"{len(failed)} of {len(verdicts)} expectations of suite {suite_name} failed: "
            + ", ".join(verdict.expectation for verdict in failed),
            where=f"{where}, {failed[0].expectation}",
            expected=failed[0].expected,
            got=failed[0].observed,
        )


def judge(suite_name: str, measured: "Mapping[str, object] | pd.DataFrame") -> list[Validation]:
    """Return one verdict per expectation of the suite, in the suite's order; touches neither disk nor network.

    `measured` is one row of quantities, or a frame whose unnamed index says what its rows are. A quantity that is
    absent or null was not measured, and every expectation on it fails: Great Expectations itself passes over nulls and
    empty frames.
    """
    import pandas as pd

    frame = measured if isinstance(measured, pd.DataFrame) else pd.DataFrame([measured])
    expectations = suite(suite_name)
    results = {result.expectation_config.meta["name"]: result for result in _validate(frame, expectations).results}
    names = [expectation.meta["name"] for expectation in expectations.expectations]
    return [_verdict(suite_name, frame, results[name]) for name in names]


def suite(name: str) -> "ExpectationSuite":
    """Return the suite of that name, with the thresholds of `config/gates.toml`."""
    from great_expectations import ExpectationSuite

    return ExpectationSuite(name=name, expectations=SUITES[name](load_config("gates")[name]))


def _validate(frame: "pd.DataFrame", expectations: "ExpectationSuite") -> "ExpectationSuiteValidationResult":
    """Run Great Expectations in a context that lives in memory, sends nothing and draws no progress bars."""
    import great_expectations
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = great_expectations.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    asset = context.data_sources.add_pandas("overture").add_dataframe_asset(expectations.name)
    batch = asset.add_batch_definition_whole_dataframe("measured").get_batch({"dataframe": frame})
    return batch.validate(expectations, result_format="COMPLETE")


def _verdict(suite_name: str, frame: "pd.DataFrame", result: Any) -> Validation:
    meta = result.expectation_config.meta
    quantity, other = meta["quantity"], meta["other"]
    judged = [column for column in (quantity, other) if column is not None]
    absent = [column for column in judged if column not in frame or frame.empty or frame[column].isna().any()]
    bad = list(result.result.get("unexpected_index_list") or [])
    rows = frame.loc[bad] if bad else frame
    expected = meta["expected"] + (f" ({_shown(rows, other)})" if other and not absent else "")
    observed = f"not measured: {', '.join(absent)}" if absent else _shown(rows, quantity)
    return Validation(
        suite=suite_name,
        expectation=meta["name"],
        success=bool(result.success) and not absent,
        observed=observed[:LONGEST_TEXT],
        expected=expected[:LONGEST_TEXT],
    )


def _shown(rows: "pd.DataFrame", quantity: str) -> str:
    """Return the values in words: the bare value of a single unnamed row, else each with its row's name."""
    values = [_text(value) for value in rows[quantity]]
    if rows.index.dtype.kind != "i":
        values = [f"{name}: {value}" for name, value in zip(rows.index, values, strict=True)]
    if quantity + EXAMPLE in rows:
        examples = rows[quantity + EXAMPLE]
        values = [
            value if example is None or example != example else f"{value}, such as {example}"  # noqa: PLR0124
            for value, example in zip(values, examples, strict=True)
        ]
    return "; ".join(values)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) and not value.is_integer() else str(value).removesuffix(".0")
