"""Imports a list with the real command, timed until the workers enforce it."""

import json
import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.service import CHECKOUT, FANZHA, IMPORT_SECONDS, Service
from fanzha.client import Call, Client, Link, Options

_ACTING_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What is imported."""

    name: str
    count: int
    lines: Iterable[str]
    last: str
    """The last one: a number with its plus, or a host."""


def timed(service: Service, patterns: Patterns) -> dict[str, Any]:
    """Import with the real command; return the seconds of it, and until all entries act."""
    file = service.folder / f"{patterns.name}.csv"
    with file.open("w", encoding="utf-8") as opened:
        opened.write("pattern\n")
        opened.writelines(f"{line}\n" for line in patterns.lines)
    command = [
        *FANZHA, "blocklist", "import", str(file), "--source", "province", "--expires", "365d",
        "--reason", "benchmark", "--by", "bench", "--target", service.admin, "--json",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    began = time.monotonic()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False,
        timeout=IMPORT_SECONDS,
    )  # fmt: skip
    seconds = time.monotonic() - began
    file.unlink()
    if done.returncode or json.loads(done.stdout)["added"] != patterns.count:
        raise RuntimeError(f"{patterns.name} were not imported: {done.stdout}{done.stderr}")
    _wait_until_acting(service, patterns.last)
    return {
        "what": patterns.name,
        "rows": patterns.count,
        "seconds": round(seconds, 2),
        "until_acting_seconds": round(time.monotonic() - began, 2),
    }


def _wait_until_acting(service: Service, pattern: str) -> None:
    until = time.monotonic() + _ACTING_SECONDS
    with Client(service.target, Options(timeout=1.0)) as client:
        while not _blocked(client, pattern):
            if time.monotonic() > until:
                raise RuntimeError(f"{pattern} does not act")
            time.sleep(0.05)


def _blocked(client: Client, pattern: str) -> bool:
    if pattern.startswith("+"):
        return client.decide_call(Call(caller=pattern, callee="+8619900000001")).blocked
    return client.decide_link(Link(url=f"http://{pattern}/")).blocked
