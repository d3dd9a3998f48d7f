import numpy as np
from scipy.sparse import csr_matrix

from overture.core.drops import count_drops
from overture.core.strategies import DISCOVER, REPLENISH, Asked

# Two readers, four items: the second is sold out, the third is wine. The first reader bought items 0 and 1.
BOUGHT = csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 0, 0]], float))
IS_ALLOWED = np.array([True, False, False, True])
REASONS = np.array(["unpresentable", "unavailable", "suppressed", "unavailable"])
KEPT_OUT = {
    "excluded_by_user": csr_matrix(np.array([[1, 0, 0, 1], [0, 0, 0, 1]], float)),
    "shown_too_often": csr_matrix(np.array([[1, 0, 0, 0], [1, 1, 0, 1]], float)),
}


def dropped(task: str) -> dict[str, int]:
    asked = Asked(np.arange(2), task, BOUGHT, IS_ALLOWED)
    return count_drops(asked, REASONS, KEPT_OUT, {"no_consent": 5})


def test_of_what_is_new_each_pair_counts_once_for_its_first_reason() -> None:
    # Sold out: new to the second reader only. Wine: new to both. Shown too often: item 0 to the second reader.
    assert dropped(DISCOVER) == {
        "no_consent": 10, "unavailable": 1, "suppressed": 2, "excluded_by_user": 2, "shown_too_often": 1
    }  # fmt: skip


def test_of_what_may_be_due_again_only_what_was_bought_counts() -> None:
    assert dropped(REPLENISH) == {"unavailable": 1, "excluded_by_user": 1}
