"""The demo of the warning pipeline, small: see examples/warning_demo."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.external_servers import skip_or_fail
from tests.support.page_commands import commands_shown


@pytest.mark.timeout(600)
def test_three_waves_become_warnings_on_both_sides_of_smpp(tmp_path: Path) -> None:
    result, page = tmp_path / "found.json", tmp_path / "page.md"
    command = [sys.executable, "-m", "examples.warning_demo", "--people", "24",
               "--result", str(result), "--page", str(page)]  # fmt: skip

    done = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=560, check=False
    )

    if "the demo cannot run here" in done.stderr:
        skip_or_fail(done.stderr)
    # It checks itself, and ends with 1 where something does not hold.
    assert not done.returncode, done.stdout[-4000:] + done.stderr[-4000:]
    found = json.loads(result.read_text())
    assert found["messages at the message centre"] >= 24 * 3
    assert found["in the queue for visits"] > 0
    assert "【反诈预警】" in page.read_text()
    tutorial = (CHECKOUT / "docs/tutorials/warnings.md").read_text()
    assert commands_shown(page.read_text()) == commands_shown(tutorial)


def test_without_node_the_demo_names_the_package_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.warning_demo"],
        cwd=CHECKOUT,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 2
    assert "needs node and npm" in done.stderr
