"""How long `fanzha up` takes until all serve, and what it holds: ``python -m benchmarks.startup``.

Starts the service several times in one folder, with a worker for each core, and ends it in order;
with ``--against FOLDER`` in turn with that of another checkout. The first start of each is told
apart: only later ones find what it has kept. A start lasts until the addresses are out, which is
when all roles serve. PSS shares out pages that several processes hold: summed up over roles, it is
what the host pays.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import processes
from benchmarks.service import CHECKOUT, START_SECONDS
from services.settings import loader

_POLL_SECONDS = 0.005
_QUIET_SECONDS = 7.0
"""After the first start: what later ones read is written once nothing else is asked."""
_KIB_PER_MIB = 1024.0
_UNWANTED = ("FANZHA_", "PYTHONDONTWRITEBYTECODE")
"""Settings, and what would have each process compile all modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start."""

    seconds: float
    cpu_seconds: float
    pss: dict[str, float]
    """MiB by role; workers are summed up."""

    def __str__(self) -> str:
        """Return one line."""
        memory = ", ".join(f"{role} {mib:.0f}" for role, mib in sorted(self.pss.items()))
        return (
            f"{self.seconds:.2f} s, {self.cpu_seconds:.2f} processor seconds; "
            f"PSS {sum(self.pss.values()):.0f} MiB: {memory}"
        )


def main() -> None:
    """Print each start, then the medians."""
    options = _options()
    load = os.getloadavg()[0]
    checkouts = [CHECKOUT, *([options.against] if options.against else [])]
    starts: dict[Path, list[Start]] = {checkout: [] for checkout in checkouts}
    with TemporaryDirectory(prefix="fanzha-startup-") as name:
        for number in range(options.repeats + 1):
            for at, checkout in enumerate(checkouts):
                start = _start(checkout, Path(name) / str(at), options, first=number == 0)
                starts[checkout].append(start)
                _say(f"{checkout.name} {'first' if number == 0 else number}: {start}")
    _say(f"load average {load:.2f} before, {os.getloadavg()[0]:.2f} after")
    for checkout, found in starts.items():
        _say(f"{checkout.name}: {_medians(found[1:])}; first start {found[0].seconds:.2f} s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--set", nargs="*", default=[], metavar="VARIABLE=VALUE")
    return parser.parse_args()


def _medians(starts: Sequence[Start]) -> str:
    seconds = median(one.seconds for one in starts)
    cpu_seconds = median(one.cpu_seconds for one in starts)
    memory = median(sum(one.pss.values()) for one in starts)
    return (
        f"median of {len(starts)}: {seconds:.2f} s, {cpu_seconds:.2f} processor seconds, "
        f"PSS {memory:.0f} MiB"
    )


def _start(checkout: Path, folder: Path, options: argparse.Namespace, *, first: bool) -> Start:
    folder.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_UNWANTED)}
    environment |= {
        "FANZHA_DATA_DIR": str(folder / "data"),
        **loader.free_ports(),
        "FANZHA_WORKERS": str(options.workers),
        "PYTHONPATH": str(checkout),
        **dict(one.split("=", 1) for one in options.set),
    }
    begun = time.monotonic()
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [*_command(checkout), "up"], env=environment, cwd=checkout, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(folder / "data" / "endpoints.json", process, begun)
        seconds = time.monotonic() - begun
        cpu_seconds = processes.cpu_seconds(process.pid)
        found = Start(seconds=seconds, cpu_seconds=cpu_seconds, pss=_memory(process.pid))
        if first:
            time.sleep(_QUIET_SECONDS)
        return found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _command(checkout: Path) -> list[str]:
    """Return how the installed command begins in *checkout*."""
    begins = "start" if (checkout / "services" / "start.py").exists() else "__main__"
    return [sys.executable, "-c", f"from services.{begins} import main; main()"]


def _wait(file: Path, process: "subprocess.Popen[bytes]", begun: float) -> None:
    while not file.exists():
        if process.poll() is not None or time.monotonic() - begun > START_SECONDS:
            raise SystemExit((file.parents[1] / "up.log").read_text())
        time.sleep(_POLL_SECONDS)


def _memory(root: int) -> dict[str, float]:
    """Return the PSS of a tree in MiB, by role."""
    found: dict[str, float] = defaultdict(float)
    for process in processes.tree(root):
        with suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            pss = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
            if pss is not None:
                found[_role(process)] += int(pss[1]) / _KIB_PER_MIB
    return dict(found)


def _role(process: int) -> str:
    command = processes.command(process)
    if any("valkey-server" in word for word in command):
        return "valkey"
    return "forks" if "services.cli.role_forks" in command else command[-1]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
