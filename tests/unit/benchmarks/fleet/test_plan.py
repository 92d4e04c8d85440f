"""The fault plan says what it means."""

from pathlib import Path

import pytest

from benchmarks.fleet import plan
from benchmarks.fleet.faults import FAULTS

ROW = """[[fault]]
name = "{name}"
kind = "nothing"
about = "-"
seconds = 1
load_held = 0.5
healed_seconds = 30
"""


def test_every_fault_of_the_plan_can_happen() -> None:
    faults = plan.read()

    assert {fault.kind for fault in faults} == set(FAULTS)
    assert all(fault.who in {"primary", "other", "all"} for fault in faults)
    assert all(0 <= fault.load_held <= 1 for fault in faults)


def test_a_fault_is_chosen_by_its_name() -> None:
    faults = plan.read()

    chosen = plan.chosen(faults, ["split", "nothing"])

    assert [fault.name for fault in chosen] == ["nothing", "split"]
    assert plan.chosen(faults, []) == faults
    with pytest.raises(ValueError, match="no such fault: flood"):
        plan.chosen(faults, ["flood"])


def test_a_misspelt_expectation_is_no_expectation_left_out(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(ROW.format(name="one") + "heald_seconds = 3\n")

    with pytest.raises(ValueError, match="one: unknown heald_seconds"):
        plan.read(file)


def test_a_name_stands_for_one_fault(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(ROW.format(name="one") * 2)

    with pytest.raises(ValueError, match="twice"):
        plan.read(file)
