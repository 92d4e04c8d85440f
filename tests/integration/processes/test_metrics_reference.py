"""The page of metrics names what a running service serves, where it serves it."""

import json
import re
import urllib.request
from pathlib import Path

from tests.support.processes import PATIENCE_SECONDS, fanzha_up
from tools.reference import metrics

ENDPOINTS = {
    "metrics": "metrics_port",
    "admin_metrics": "admin_metrics_port",
    "warning_metrics": "warning_metrics_port",
}


def served(address: str) -> set[tuple[str, str]]:
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        page = answer.read().decode()
    found = re.findall(r"^# TYPE (fanzha_\w+) (\w+)$", page, re.MULTILINE)
    return {(name.removesuffix("_total"), kind) for name, kind in found if "_created" not in name}


def test_each_page_serves_what_the_reference_says(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, FANZHA_CASCADE_SHARE="0"):
        endpoints = json.loads((tmp_path / "endpoints.json").read_text())
        pages = {port: served(endpoints[name]) for name, port in ENDPOINTS.items()}

    listed = {
        port: {(one.name, one.kind) for one in found} for port, found in metrics.by_port().items()
    }

    assert pages == listed
