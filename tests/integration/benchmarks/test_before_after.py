"""Two commits, each as a service of its own, measured in turn."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.support.checkout import CHECKOUT


@pytest.mark.skipif(
    shutil.which("git") is None or not (CHECKOUT / ".git").exists(), reason="no git checkout"
)
def test_both_commits_are_measured_in_pairs() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.load.before_after", "--before", "HEAD"),
            *("--channels", "call", "--batches", "16", "--seconds", "1", "--repeats", "2"),
            *("--different", "--listed", "10"),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (found,) = report["cells"]
    assert (found["channel"], found["batch"]) == ("call", 16)
    assert len(found["before_runs"]) == len(found["after_runs"]) == 2
    assert found["ratio_lowest"] <= found["ratio"] <= found["ratio_highest"]
    assert "| calls, 16 rows |" in done.stderr
    assert len(report["before_commit"]) == 40
