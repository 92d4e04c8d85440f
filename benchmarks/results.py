"""Writes the results of benchmarks."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from services.cli._common.console import fail

FOLDER = Path(__file__).with_name("results")


def write(kind: str, report: dict[str, Any], *, save: bool, folder: Path = FOLDER) -> None:
    """Print a report with machine, commit and load; with *save* also store it.

    Stored as ``benchmarks/results/<date>-<kind>.json``; a later one of the day replaces it.
    """
    text = json.dumps({"kind": kind} | machine.describe() | report, indent=2, default=str) + "\n"
    sys.stdout.write(text)
    if not save:
        return
    file = folder / f"{datetime.now(UTC):%Y-%m-%d}-{kind}.json"
    try:
        folder.mkdir(exist_ok=True)
        file.write_text(text)
    except OSError as error:
        fail(f"not kept, only printed: {error}")
