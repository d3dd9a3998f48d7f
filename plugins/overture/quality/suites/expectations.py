"""The few forms of expectation that the suites are written in: Great Expectations' own, each with a name.

Every form judges a column of measured quantities. `name` is how people meet the expectation: in `marts.validations`, in
the error that stops a run and in docs/gates.md. It is unique within its suite. `meta` carries, for the gate, the name,
the quantity judged, the column it is held against (if any) and the expectation in words.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


def between(name: str, quantity: str, low: float | None, high: float | None) -> "Expectation":
    """Expect low <= quantity <= high; None leaves that side open."""
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    limits = [f"{sign} {limit}" for sign, limit in ((">=", low), ("<=", high)) if limit is not None]
    return ExpectColumnValuesToBeBetween(
        column=quantity,
        min_value=low,
        max_value=high,
        meta=_meta(name, quantity, f"= {low}" if low == high else " and ".join(limits)),
    )


def none_of(name: str, quantity: str) -> "Expectation":
    """Expect a count of faults to be 0."""
    return between(name, quantity, 0, 0)


def at_least(name: str, quantity: str, low: float) -> "Expectation":
    """Expect quantity >= low."""
    return between(name, quantity, low, None)


def at_most(name: str, quantity: str, high: float) -> "Expectation":
    """Expect quantity <= high."""
    return between(name, quantity, None, high)


def equal(name: str, quantity: str, other: str) -> "Expectation":
    """Expect two quantities to be the same, row by row."""
    from great_expectations.expectations import ExpectColumnPairValuesToBeEqual

    return ExpectColumnPairValuesToBeEqual(
        column_A=quantity, column_B=other, meta=_meta(name, quantity, f"= {other}", other)
    )


def not_above(name: str, quantity: str, limit: str) -> "Expectation":
    """Expect quantity <= limit, row by row."""
    from great_expectations.expectations import ExpectColumnPairValuesAToBeGreaterThanB

    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=limit, column_B=quantity, or_equal=True, meta=_meta(name, quantity, f"<= {limit}", limit)
    )


def not_below(name: str, quantity: str, limit: str) -> "Expectation":
    """Expect quantity >= limit, row by row."""
    from great_expectations.expectations import ExpectColumnPairValuesAToBeGreaterThanB

    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=quantity, column_B=limit, or_equal=True, meta=_meta(name, quantity, f">= {limit}", limit)
    )


def _meta(name: str, quantity: str, expected: str, other: str | None = None) -> dict[str, str | None]:
    return {"name": name, "quantity": quantity, "expected": expected, "other": other}
