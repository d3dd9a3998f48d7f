from overture.settings import Settings
from prove.machine import run_machine


def test_days_landed_corrected_run_killed_and_read_in_any_order_hold_what_the_model_says(settings: Settings) -> None:
    run_machine(settings, number=4, examples=5, steps=20)
