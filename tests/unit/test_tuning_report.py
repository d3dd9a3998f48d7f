import numpy as np

from overture.core.champion_gate import Contest, Rules, decide
from overture.core.tuning_report import Found, report


def test_the_page_says_the_decision_the_figures_the_parameters_and_how_it_was_done() -> None:
    ours, plain = np.linspace(0.1, 0.3, 50), np.full(50, 0.05)
    contest = Contest(
        {"discover": ours, "replenish": ours}, {"discover": plain, "replenish": plain}, {"popular": plain}
    )
    verdict = decide(contest, Rules(0.05, 1, 50))
    trials = [(number, 1 + number / 100, {"alpha": number / 8}) for number in range(15)]
    page = report(Found("2017-08-29", trials, {"alpha": 1.75}, {"alpha": 1.0}, verdict, {"seed": 7}))

    assert page.startswith("# Factors tuned as of 2017-08-29\n\nThe candidate takes the champion's place")
    assert "| alpha | 1.75 | 1.0 |" in page
    assert "| discover | popular | 50 | 0.2000 | 0.0500 | +0.1500 |" in page
    assert "| replenish | champion | 50 | 0.2000 | 0.0500 |" in page
    shown = [line for line in page.splitlines() if line.startswith("| 1") and line.count("|") == 4]
    assert shown[0] == "| 14 | 1.1400 | 1.75 |"
    assert "| 4 | 1.0400" not in page
    assert "- seed: 7" in page
