"""All steps of an end share the seconds there are; imports at a start collect no garbage."""

import gc
from contextlib import suppress

from infra.process_lifecycle import DrainBudget, collection_paused


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


def test_garbage_is_collected_again_after_an_error() -> None:
    with suppress(ImportError), collection_paused():
        enabled_meanwhile = gc.isenabled()
        raise ImportError

    assert not enabled_meanwhile
    assert gc.isenabled()


def test_disabled_garbage_collection_stays_disabled() -> None:
    gc.disable()
    try:
        with collection_paused():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
