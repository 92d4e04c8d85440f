"""Starts adapters as processes of their own, as an operator does."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import PATIENCE_SECONDS, Running, eventually

LISTED_HOST = "evil-bank.example"
LISTED_CALLER = "+8617000000911"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAdapter:
    """An adapter and its addresses, ``host:port`` by name."""

    process: "subprocess.Popen[str]"
    addresses: Mapping[str, str]

    def port(self, name: str) -> int:
        """Return the port of one of its addresses."""
        return int(self.addresses[name].rpartition(":")[2])


@contextmanager
def adapter(name: str, folder: Path, **settings: str) -> Iterator[RunningAdapter]:
    """Run an adapter with *settings*, variables of the environment; stop it in order."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FANZHA_")}
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "integrations", name],
            env=clean | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield RunningAdapter(
                process=process, addresses=_serving(process, folder / f"{name}.log")
            )
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)


def block_host(service: Running, host: str) -> None:
    """Put a host on the block list of a service, and wait until it decides by it."""
    added = ("blocklist", "add", host, "--source", "province", "--reason", "test")
    service.fanzha(*added, "--fraud-type", "fake_loan")
    check = ("check", "link", f"https://{host}/")
    eventually(lambda: "blocklisted" in service.fanzha(*check, check=False).stdout)


def _serving(process: "subprocess.Popen[str]", log: Path) -> dict[str, str]:
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(_first_line(process)), daemon=True)
    reader.start()
    reader.join(PATIENCE_SECONDS)
    if not found or not found[0].startswith("SERVING "):
        raise AssertionError(f"did not serve:\n{log.read_text()[-4000:]}")
    pairs = (pair.partition("=") for pair in found[0].split()[1:])
    return {name: address for name, _, address in pairs}


def _first_line(process: "subprocess.Popen[str]") -> str:
    return process.stdout.readline() if process.stdout else ""
