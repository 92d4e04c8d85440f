"""All steps of an end share the seconds there are."""

from infra.process_lifecycle import DrainBudget


def test_the_steps_of_a_shutdown_share_one_time_budget() -> None:
    now = 100.0
    ending = DrainBudget(10.0, clock=lambda: now)
    assert ending.left() == 10.0

    now = 107.0
    assert ending.left() == 3.0


def test_the_last_steps_have_half_a_second_each_however_late_it_is() -> None:
    now = 100.0
    ending = DrainBudget(10.0, clock=lambda: now)

    now = 150.0

    assert ending.left() == 0.5
