"""Great Expectations' own pages on a day's verdicts, made from what was recorded, without scripts and without a CDN."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from overture.quality.gate import SUITES, suite

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

STYLE: Final = "data_docs.css"
"""The style sheet that a page asks for, beside it."""

# Values of the shop come unescaped onto these pages but for what is done below; nothing may run on them at all.
HEAD: Final = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'self' 'unsafe-inline' file:; img-src data:\">"
    f'<link rel="stylesheet" href="{STYLE}">'
)

FOREIGN: Final = re.compile(
    r"<script\b.*?</script\s*>|<link\b[^>]*>|<img\b[^>]*>|\son[a-z]+=\"[^\"]*\"", re.DOTALL | re.IGNORECASE
)
"""What asks others for something, or runs: all values are escaped, so that none of these is one's text."""


def page(suite_name: str, verdicts: Sequence[Mapping[str, Any]], day: str, run_id: str) -> str | None:
    """Return the page on one suite's verdicts of a day; None for a suite that this version does not have.

    verdicts: `expectation`, `success` and `observed` as marts.validations has them. An expectation without a verdict,
    or the other way round, as in a day of another version, is left out.
    """
    if suite_name not in SUITES:
        return None
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    document = ValidationResultsPageRenderer().render(_result(suite_name, verdicts, day, run_id))
    made = FOREIGN.sub("", str(DefaultJinjaPageView().render(document)))
    return made.replace("<head>", f"<head>{HEAD}", 1)


def _result(
    suite_name: str, verdicts: Sequence[Mapping[str, Any]], day: str, run_id: str
) -> "ExpectationSuiteValidationResult":
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

    said = {row["expectation"]: row for row in verdicts}
    results = [
        ExpectationValidationResult(
            success=bool(said[name]["success"]),
            expectation_config=expectation.configuration,
            result={"observed_value": html.escape(str(said[name]["observed"]))},
            meta={},
        )
        for expectation in suite(suite_name).expectations
        if (name := expectation.meta["name"]) in said
    ]
    met = sum(bool(result.success) for result in results)
    return ExpectationSuiteValidationResult(
        success=met == len(results),
        results=results,
        suite_name=suite_name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": met,
            "unsuccessful_expectations": len(results) - met,
            "success_percent": 100 * met / len(results) if results else None,
        },
        meta={
            "run_id": {"run_name": html.escape(run_id), "run_time": f"{day}T00:00:00+00:00"},
            "validation_time": f"{day}T00:00:00+00:00",
            "great_expectations_version": "",
        },
    )
