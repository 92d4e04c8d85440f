"""The story of a change to the lists, told by the real commands: see examples/lists_tour.py."""

import subprocess
import sys
from typing import Any

import pytest

from examples import lists_tour_site
from examples.lists_tour import BAD_ROWS, tell
from tests.support.checkout import CHECKOUT
from tests.support.page_commands import commands_shown
from tests.support.processes import run_in

ROWS = 20_000


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return tell(ROWS, runner=run_in)


def test_the_command_checks_its_options() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.lists_tour", "--rows", "10"],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "1000" in done.stderr


def test_the_tutorial_shows_the_commands_that_the_tour_runs(found: dict[str, Any]) -> None:
    assert found
    tutorial = (CHECKOUT / "docs/tutorials/lists.md").read_text()

    assert commands_shown("\n".join(lists_tour_site.page)) == commands_shown(tutorial)


@pytest.mark.timeout(600)
def test_every_row_of_the_sheet_is_accounted_for(found: dict[str, Any]) -> None:
    result = found["import"]

    assert result["encoding"] == "gb18030"
    assert result["invalid"] == BAD_ROWS
    assert result["refused"] == 1
    assert result["added"] == ROWS - BAD_ROWS - 1


def test_the_import_awaits_a_second_person(found: dict[str, Any]) -> None:
    assert found["import"]["change_state"] == "pending"
    assert found["own_approval_status"]
    assert found["range_state"] == "pending"


def test_the_approved_import_blocks_and_leaves_the_police_reachable(found: dict[str, Any]) -> None:
    assert found["decision_id"]
    assert not found["police_blocked"]
    assert not found["police_entries"]


def test_a_wrongly_blocked_number_rings_again_after_the_appeal(found: dict[str, Any]) -> None:
    assert found["emergency_rang_again"]
    assert found["lift_seconds"] is not None
    assert found["reverted_state"] == "reverted"


def test_a_changed_byte_of_the_audit_log_is_located(found: dict[str, Any]) -> None:
    assert found["verify_status"] == 1
    assert f":{found['changed_line']} " in found["verify_said"]
