"""Stage figures are read from the page that the server serves, in its own words."""

from pathlib import Path
from urllib.request import urlopen

from benchmarks.sweep.stages import stage_figures
from fanzha.tables import Channel
from services.telemetry.metrics_exporter import MetricsPages, MetricsServer
from services.telemetry.worker_metrics import DecisionMetrics


def count_a_batch(folder: Path, pid: int) -> None:
    """Count a batch that was half a second among lists, and a quarter at the model."""
    times = iter((0.0, 0.0, 0.5, 0.75))
    metrics = DecisionMetrics.on_page(folder, f"worker-{pid}", pid, clock=lambda: next(times))
    metrics.started(Channel.CALL)
    metrics.stage_done(Channel.CALL, "lists")
    metrics.stage_done(Channel.CALL, "model")


def test_seconds_and_batches_of_a_channel_are_added_up_over_workers(tmp_path: Path) -> None:
    pages = MetricsPages(tmp_path / "metrics")
    for pid in (1, 2):
        count_a_batch(pages.directory, pid)

    with (
        MetricsServer(pages, "127.0.0.1", 0) as server,
        urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=60) as answer,
    ):
        page = answer.read().decode()

    calls, links = stage_figures(page, "call"), stage_figures(page, "link")
    assert calls["lists"] == (1.0, 2)
    assert calls["model"] == (0.5, 2)
    assert links["model"] == (0.0, 0)
