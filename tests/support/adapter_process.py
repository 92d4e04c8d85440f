"""What tests of relays ask of an adapter's process, beside starting it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import PATIENCE_SECONDS


@contextmanager
def adapter_up(name: str, folder: Path, **settings: object) -> Iterator[RunningAdapter]:
    """Run an adapter with settings by their own names; its log is ``NAME.log``."""
    variables = {
        f"FANZHA_{name.upper()}_{key.upper()}": value
        if isinstance(value, str)
        else json.dumps(value)
        for key, value in settings.items()
    }
    with adapter(name, folder, **variables) as running:
        yield running


def metrics_of(running: RunningAdapter) -> str:
    """Return the metrics page of an adapter that has ``metrics_listen``."""
    url = f"http://{running.addresses['metrics']}/metrics"
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
        page: str = answer.read().decode()
    return page


def counted(running: RunningAdapter, sample: str) -> float:
    """Return a sample, such as ``fanzha_relay_sessions{adapter="smpp"}``; 0 without it."""
    for line in metrics_of(running).splitlines():
        if line.startswith(f"{sample} "):
            return float(line.rpartition(" ")[2])
    return 0.0
