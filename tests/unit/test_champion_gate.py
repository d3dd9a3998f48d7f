"""When a candidate takes the champion's place, and what is said where it does not."""

import numpy as np
import pytest

from overture.core.champion_gate import Contest, Rules, Verdict, decide

RULES = Rules(tolerated_loss=0.05, seed=1, resamples=400)
RANDOM = np.random.default_rng(5)
USERS = 600
DISCOVER = RANDOM.uniform(0.02, 0.10, USERS)
REPLENISH = RANDOM.uniform(0.2, 0.6, USERS + 50)
NOISE = RANDOM.normal(0, 1, USERS)


def verdict_of(
    discover: np.ndarray, replenish: np.ndarray, popular: np.ndarray | None = None, rules: Rules = RULES
) -> Verdict:
    plain = {"none": np.zeros(USERS), "popular": DISCOVER * 0.6 if popular is None else popular}
    contest = Contest(
        {"discover": discover, "replenish": replenish}, {"discover": DISCOVER, "replenish": REPLENISH}, plain
    )
    return decide(contest, rules)


def test_a_candidate_that_is_better_everywhere_takes_the_place_and_its_figures_are_said() -> None:
    verdict = verdict_of(DISCOVER + 0.01, REPLENISH + 0.02)
    assert verdict.is_accepted
    assert verdict.baseline == "popular"
    assert verdict.tasks["discover"].lead == pytest.approx((0.01, 0.01, 0.01))
    assert verdict.tasks["replenish"].users == USERS + 50
    for said in ("takes the champion's place", "discover", "replenish", "popular", f"{DISCOVER.mean() + 0.01:.4f}"):
        assert said in verdict.reason


@pytest.mark.parametrize("task", ["discover", "replenish"])
def test_a_candidate_that_is_worse_on_one_task_is_refused_by_the_name_of_the_task(task: str) -> None:
    factors = {"discover": 1.2, "replenish": 1.2} | {task: 0.9}
    verdict = verdict_of(DISCOVER * factors["discover"], REPLENISH * factors["replenish"])
    assert not verdict.is_accepted
    assert verdict.reason.startswith(f"The champion stays: on {task} ")
    assert verdict.gain > 0


def test_a_loss_within_what_is_let_pass_is_made_good_by_the_other_task() -> None:
    assert verdict_of(DISCOVER * 1.2, REPLENISH * 0.96).is_accepted
    assert not verdict_of(DISCOVER * 1.2, REPLENISH * 0.94).is_accepted


def test_a_mean_that_is_no_worse_does_not_help_where_the_interval_reaches_too_low() -> None:
    unsure = DISCOVER + 0.1 * NOISE
    verdict = verdict_of(unsure - unsure.mean() + DISCOVER.mean(), REPLENISH * 1.1)
    assert verdict.tasks["discover"].lead.value == pytest.approx(0, abs=1e-12)
    assert not verdict.is_accepted
    assert "may be worse" in verdict.reason


@pytest.mark.parametrize("share", [1.3, 1.0])
def test_a_plain_strategy_that_is_as_good_at_what_is_new_keeps_the_candidate_out(share: float) -> None:
    candidate = DISCOVER * 1.2
    verdict = verdict_of(candidate, REPLENISH * 1.2, popular=candidate * share)
    assert not verdict.is_accepted
    assert "the plain strategy popular" in verdict.reason
    assert verdict.gain > 0


def test_the_champion_itself_gains_nothing_and_stays() -> None:
    verdict = verdict_of(DISCOVER, REPLENISH)
    assert not verdict.is_accepted
    assert verdict.gain == 0
    assert "gains nothing" in verdict.reason


@pytest.mark.parametrize("task", ["discover", "replenish"])
def test_where_no_loss_is_let_pass_it_has_to_be_better_on_each_task(task: str) -> None:
    strict = Rules(None, 1, 400)
    assert verdict_of(DISCOVER + 0.01, REPLENISH + 0.02, rules=strict).is_accepted
    as_good = {"discover": DISCOVER + 0.01, "replenish": REPLENISH + 0.02} | {
        task: DISCOVER if task == "discover" else REPLENISH
    }
    verdict = verdict_of(as_good["discover"], as_good["replenish"], rules=strict)
    assert not verdict.is_accepted
    assert verdict.reason.startswith(f"The champion stays: on {task} the candidate is not shown to be better")


def test_small_losses_on_both_tasks_are_no_reason_to_change() -> None:
    verdict = verdict_of(DISCOVER * 0.98, REPLENISH * 0.98)
    assert not verdict.is_accepted
    assert "gains nothing" in verdict.reason


def test_a_champion_that_foresees_nothing_of_a_task_loses_to_one_that_does() -> None:
    ours, nothing = {"discover": DISCOVER, "replenish": REPLENISH}, np.zeros(USERS)
    verdict = decide(Contest(ours, {"discover": nothing, "replenish": REPLENISH}, {"popular": nothing}), RULES)
    assert verdict.is_accepted
    assert verdict.gain == 0.5


def test_the_same_contest_is_decided_alike_each_time() -> None:
    assert verdict_of(DISCOVER + 0.02 * NOISE, REPLENISH) == verdict_of(DISCOVER + 0.02 * NOISE, REPLENISH)


@pytest.mark.parametrize(
    ("candidate", "champion", "baselines", "said"),
    [
        ({"discover": DISCOVER}, {"discover": DISCOVER}, {"popular": DISCOVER}, "users of replenish"),
        (
            {"discover": DISCOVER, "replenish": REPLENISH},
            {"discover": DISCOVER[1:], "replenish": REPLENISH},
            {"popular": DISCOVER},
            "users of discover",
        ),
        (
            {"discover": DISCOVER, "replenish": REPLENISH},
            {"discover": DISCOVER, "replenish": REPLENISH},
            {"popular": DISCOVER[1:]},
            "baselines",
        ),
        (
            {"discover": DISCOVER, "replenish": REPLENISH},
            {"discover": DISCOVER, "replenish": REPLENISH},
            {},
            "baselines",
        ),
        (
            {"discover": DISCOVER[:0], "replenish": REPLENISH},
            {"discover": DISCOVER[:0], "replenish": REPLENISH},
            {"popular": DISCOVER[:0]},
            "users of discover",
        ),
    ],
    ids=["a task is missing", "other users", "other users of a baseline", "no baseline", "nobody"],
)
def test_sides_that_cannot_be_compared_are_refused(candidate, champion, baselines, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=said):
        Contest(candidate, champion, baselines)


@pytest.mark.parametrize(("name", "value"), [("tolerated_loss", -0.1), ("tolerated_loss", 1.1), ("resamples", 0)])
def test_rules_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Rules(**{"tolerated_loss": 0.05, "seed": 1, "resamples": 10, name: value})
