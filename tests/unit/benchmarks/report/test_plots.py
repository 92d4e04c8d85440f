"""Plots are drawn for what there is, and are the same for the same results."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import figures

RESULTS: dict[str, dict[str, Any]] = {
    "sweep-batch-size": {
        "points": [
            {"channel": channel, "batch": batch, "rows_per_second": batch * 1000.0,
             "p99_ms_at_half": 2.0 + batch / 100}
            for channel in ("call", "text")
            for batch in (1, 16, 256)
        ]
    },
    "sweep-stages": {
        "points": [
            {"channel": "call", "rows_a_request": 256, "rows_a_batch": 256.0,
             "stage_microseconds": {"lists": 40.0, "model": 60.0}, "worker_microseconds": 300.0}
        ]
    },
}  # fmt: skip


def test_plots_are_the_same_for_the_same_results_and_only_of_what_was_measured(
    tmp_path: Path,
) -> None:
    if find_spec("matplotlib") is None:
        with pytest.raises(ModuleNotFoundError, match="matplotlib"):
            import_module("benchmarks.report.plots")
        return
    plots = import_module("benchmarks.report.plots")

    drawn = plots.draw_all(RESULTS, tmp_path / "one")
    plots.draw_all(RESULTS, tmp_path / "other")

    assert set(drawn) == {"batch-size", "batch-size-p99", "stages"}
    for name in drawn:
        one, other = (tmp_path / folder / f"{name}.svg" for folder in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()
    written = (tmp_path / "one" / "batch-size.svg").read_text()
    for word in ("Throughput over batch size", "calls", "rows a request"):
        assert word in written


def test_time_outside_all_stages_counts_as_transport() -> None:
    (point,) = RESULTS["sweep-stages"]["points"]

    assert figures.stage_of(point, figures.TRANSPORT) == 200.0
    assert figures.stage_of(point, "velocity") == 0.0
