"""The table of a run says what held, and what did not."""

import math

from benchmarks.fleet import fault_run
from benchmarks.fleet.gateway import LoadHeld
from benchmarks.fleet.plan import PlannedFault
from benchmarks.fleet.table import FaultResult, table

CUT = PlannedFault(
    name="host cut off", kind="cut_off", about="-", seconds=10, load_held=0.6, healed_seconds=60
)


def load(answered: int, *, wrong: int = 0) -> LoadHeld:
    return LoadHeld(
        offered=1000, answered=answered, failed=1000 - answered, wrong=wrong, p99_ms=7.4
    )


def test_a_row_tells_load_losses_and_time() -> None:
    result = FaultResult(
        planned=CUT, load=load(986), acknowledged=12, lost=["+1: gone"], healed_seconds=3.25
    )

    assert result.row() == ("host cut off", "98.6%", "14", "7 ms", "12", "1", "3.2 s")


def test_what_did_not_hold_stands_below_the_table() -> None:
    broken = FaultResult(planned=CUT, load=load(500), broken=["load held 50.0%, expected 60%"])
    skipped = FaultResult(planned=CUT, skipped="libfaketime is missing")

    text = table([broken, skipped])

    assert "host cut off: load held 50.0%, expected 60%" in text
    assert "host cut off: skipped: libfaketime is missing" in text
    assert "never" in text


def test_expectations_are_of_load_of_answers_and_of_time() -> None:
    fine = FaultResult(planned=CUT, load=load(986), healed_seconds=59)
    bad = FaultResult(planned=CUT, load=load(599, wrong=2), healed_seconds=61)

    assert fault_run.not_as_expected(fine) == []
    assert [why.split()[0] for why in fault_run.not_as_expected(bad)] == ["load", "2", "healed"]


def test_no_load_is_no_load_held() -> None:
    nothing = LoadHeld(offered=0, answered=0, failed=0, wrong=0, p99_ms=math.nan)

    found = fault_run.not_as_expected(FaultResult(planned=CUT, load=nothing))

    assert found == ["no load was offered"]
