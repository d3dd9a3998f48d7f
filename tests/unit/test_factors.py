from typing import Any

import numpy as np
import pytest

from overture.core.factors import Factors


def good_parts() -> dict[str, Any]:
    return {
        "user_factors": np.ones((2, 3), np.float32),
        "item_factors": np.ones((1, 3), np.float32),
        "user_ids": np.array(["ana", "ben"]),
        "item_ids": np.array(["milk"]),
    }


@pytest.mark.parametrize(
    ("part", "value", "complaint"),
    [
        ("user_factors", np.ones((3, 3), np.float32), "one float32 row for each id"),
        ("user_factors", np.ones((2, 3)), "one float32 row for each id"),
        ("item_factors", np.full((1, 3), np.nan, np.float32), "finite"),
        ("item_factors", np.ones((1, 4), np.float32), "one number of dimensions"),
        ("user_ids", np.array(["ben", "ana"]), "sorted and unique"),
        ("user_ids", np.array(["ana", "ana"]), "sorted and unique"),
    ],
)
def test_factors_that_do_not_fit_their_ids_are_refused(part: str, value: object, complaint: str) -> None:
    Factors(**good_parts())

    with pytest.raises(ValueError, match=complaint):
        Factors(**good_parts() | {part: value})
