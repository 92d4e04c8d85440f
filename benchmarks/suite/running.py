"""Runs one step in a process of its own, and tells whether it kept a result of this commit."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, results

_LOOK_SECONDS = 1.0
_LAST_LINES = 15
"""Of what a failed step said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A step that ran."""

    seconds: float
    status: int
    """Exit status; 1 of a step that kept its result tells of a missed target."""
    kept: tuple[str, ...]
    """Files of the results that it wrote."""
    last_words: str


def run(
    command: Sequence[str],
    kinds: Sequence[str],
    log: Path,
    show: Callable[[str, float], None],
    folder: Path = results.FOLDER,
) -> Ended:
    """Run ``python -m`` *command*; *show* gets its newest line and the seconds so far."""
    began, at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    environment = os.environ | {"PYTHONPATH": str(machine.CHECKOUT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", *command], cwd=machine.CHECKOUT, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output,
        )  # fmt: skip
        try:
            while process.poll() is None:
                time.sleep(_LOOK_SECONDS)
                show(_last_lines(log, 1), time.monotonic() - began)
        finally:
            # Ctrl-C reaches the step as well; it ends its own children in order.
            process.terminate()
            process.wait()
    return Ended(
        seconds=time.monotonic() - began,
        status=process.returncode,
        kept=tuple(kept_since(at, kinds, folder)),
        last_words=_last_lines(log, _LAST_LINES),
    )


def kept_since(at: str, kinds: Sequence[str], folder: Path) -> list[str]:
    """Return the files of *kinds* with results that were written at or after *at*."""
    found = []
    for file in sorted(folder.glob("*.json")):
        result = json.loads(file.read_text())
        if result.get("kind") in kinds and result.get("at", "") >= at:
            found.append(file.name)
    return found


def _last_lines(log: Path, count: int) -> str:
    text = log.read_text(errors="replace").replace("\r", "\n")
    return "\n".join([line.rstrip() for line in text.splitlines() if line.strip()][-count:])
