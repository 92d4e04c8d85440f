"""Reads the metrics pages of all workers and serves them to Prometheus.

The page of a dead worker is retired: its counters are added to a total, so that no counter ever
falls, and its gauges are dropped. Scrapes run in a thread of their own, so a lock keeps them from
reading a page that is being retired.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from fanzha.errors import CannotStart
from infra import atomic_file
from services.telemetry import metrics_layout as layout
from services.telemetry.metric_family import Family

_Page = npt.NDArray[np.float64]


class MetricsPages(Collector):
    """The pages in a directory. Create it before the workers, as it deletes existing pages."""

    def __init__(self, directory: Path, now_seconds: Callable[[], float] = time.time) -> None:
        self.directory = directory
        self._now_seconds = now_seconds
        self._departed = np.zeros(layout.SIZE)
        self._lock = threading.Lock()
        atomic_file.make_folder(directory)
        for left in directory.glob("*.page"):
            left.unlink()

    def retire(self, pid: int) -> None:
        """Remove the page of a dead worker and add its counters to the total."""
        with self._lock:
            for path in self.directory.glob(f"*.{pid}.page"):
                self._departed = self._departed + _read(path)
                path.unlink()

    def collect(self) -> Iterator[Metric]:
        """Collect the metric families; the prometheus_client protocol."""
        total, pages = self._read_all()
        for family in layout.FAMILIES:
            if family.labels and family.kind == "gauge":
                yield _labelled_gauge(family, pages)
            elif family.kind == "gauge":
                yield _gauge(family.name, family.text, _values(family, pages))
            elif family.kind == "counter":
                yield _counter(family, _part(family, total))
            else:
                yield _histogram(family, _part(family, total))
        yield self._ages(pages)

    def _ages(self, pages: dict[str, _Page]) -> Metric:
        now = self._now_seconds()
        known = _values(layout.LIST_CURRENT_AT, pages)
        ages = {worker: max(0.0, now - at) for worker, at in known.items() if at}
        return _gauge(
            "fanzha_list_age_seconds",
            "How long ago the lists in force were last known to be current.",
            ages,
        )

    def _read_all(self) -> tuple[_Page, dict[str, _Page]]:
        """Return the sum of all pages, retired ones included, and the page of each worker."""
        with self._lock:
            # By age: a worker just replaced may have two pages.
            paths = sorted(self.directory.glob("*.page"), key=lambda path: path.stat().st_mtime)
            pages = [(path.name.split(".")[0], _read(path)) for path in paths]
            return sum((page for _, page in pages), self._departed), dict(pages)


class MetricsServer:
    """Serves the pages at ``/metrics``, from a thread of its own."""

    def __init__(
        self,
        pages: MetricsPages,
        host: str,
        port: int,
        also: Sequence[Collector] = (),
        *,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        """*certificate* and its key: by HTTPS; None: by plain HTTP."""
        certfile, keyfile = map(str, certificate) if certificate else (None, None)
        registry = CollectorRegistry()
        for collector in (pages, *also):
            registry.register(collector)
        try:
            self._server, self._thread = start_http_server(
                port, host, registry, certfile=certfile, keyfile=keyfile
            )
        except OSError as error:
            raise CannotStart(
                "metrics: cannot listen on {host}:{port}: {error}",
                host=host,
                port=port,
                error=error,
            ) from error
        self.port = self._server.server_port

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _read(path: Path) -> _Page:
    page = np.fromfile(path, np.float64)
    # A worker that has just started may not have sized its page yet.
    return page if len(page) == layout.SIZE else np.zeros(layout.SIZE)


def _part(family: Family, page: _Page) -> _Page:
    start = layout.START[family.name]
    return page[start : start + family.span].reshape(len(family.values), family.width)


def _values(family: Family, pages: dict[str, _Page]) -> dict[str, float]:
    return {worker: float(_part(family, page)[0, 0]) for worker, page in pages.items()}


def _gauge(name: str, text: str, values: dict[str, float]) -> Metric:
    metric = GaugeMetricFamily(name, text, labels=("worker",))
    for worker, value in values.items():
        if not np.isnan(value):  # not known
            metric.add_metric((worker,), value)
    return metric


def _labelled_gauge(family: Family, pages: dict[str, _Page]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.text, labels=("worker", *family.labels))
    for worker, page in pages.items():
        for labels, (figure,) in zip(family.values, _part(family, page), strict=True):
            if not np.isnan(figure):  # not known
                metric.add_metric((worker, *labels), float(figure))
    return metric


def _counter(family: Family, figures: _Page) -> Metric:
    metric = CounterMetricFamily(family.name, family.text, labels=family.labels)
    for labels, (figure,) in zip(family.values, figures, strict=True):
        if all(labels):
            metric.add_metric(labels, float(figure))
    return metric


def _histogram(family: Family, figures: _Page) -> Metric:
    metric = HistogramMetricFamily(family.name, family.text, labels=family.labels)
    bounds = [*map(str, map(float, family.bounds)), "+Inf"]
    for labels, series in zip(family.values, figures, strict=True):
        buckets = np.cumsum(series[:-1]).tolist()
        metric.add_metric(labels, list(zip(bounds, buckets, strict=True)), float(series[-1]))
    return metric
