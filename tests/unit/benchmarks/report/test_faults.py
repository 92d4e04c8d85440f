"""The table of faults tells before, during and after apart."""

from typing import Any

from benchmarks.report import faults


def point(at: float, rate: float, p99_ms: float | None, failed: float = 0.0) -> dict[str, Any]:
    return {"at": at, "rows_per_second": rate, "p99_ms": p99_ms, "failed_share": failed}


def test_the_worst_of_a_fault_counts_and_what_comes_after_is_told_apart() -> None:
    fault = {
        "name": "worker killed",
        "what": "one of two is killed",
        "over_after_seconds": 1.0,
        "points": [
            point(-1.0, 4_000, 2.0),
            point(-0.5, 4_000, 4.0),
            point(0.25, 3_000, 90.0, 0.25),
            point(3.0, 3_900, 8.0),
            point(3.75, 4_000, 3.0),
        ],
    }
    result = {"workers": 2, "rows": 16, "rate": 4000, "step_seconds": 0.5, "faults": [fault]}

    lines = faults.section({"faults": result})

    row = next(line for line in lines if line.startswith("| worker killed"))
    assert "| 1.0 | 4,000, 3,000, 4,000 | 3.0, 90.0, 3.0 | 25.0 %, 0 |" in row
    assert "![worker killed](plots/fault-worker-killed.svg)" in lines


def test_a_step_in_which_nothing_was_decided_has_no_end_of_waiting() -> None:
    fault = {
        "name": "store killed", "what": "it is killed", "over_after_seconds": 0.0,
        "points": [point(-1.0, 10, 1.0), point(0.5, 0, None, 1.0), point(3.0, 10, 1.0)],
    }  # fmt: skip

    lines = faults.section(
        {"faults": {"workers": 1, "rows": 1, "rate": 1, "step_seconds": 1, "faults": [fault]}}
    )

    assert any("1.0, inf, 1.0 | 100.0 %, 0" in line for line in lines)
