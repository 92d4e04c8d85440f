"""A service to measure: ``fanzha up`` in a folder of its own, with a list."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import processes, scenarios
from fanzha.client import Call, Client, Options
from services.settings import loader

FANZHA = (sys.executable, "-P", "-m", "services")
START_SECONDS = 120.0
END_SECONDS = 60.0
IMPORT_SECONDS = 1800.0
_MOST_OF_A_LOG = 4000
"""Characters from its end, to be shown."""
_AUTHOR = ("--by", "--author")
"""What the option that names who imports is called, now and in older commits."""
_TERMINATED = 128 + signal.SIGTERM
KERNEL = "libfanzha.so"
CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service."""

    target: str
    admin: str
    metrics: str
    pid: int
    folder: Path
    checkout: Path = CHECKOUT
    """Whose code runs."""

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes so far."""
        return processes.cpu_seconds(self.pid)


def _up(folder: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    with (folder / "up.log").open("wb") as log:
        # Its own session: Ctrl-C must reach the benchmark only, which then stops the service.
        return subprocess.Popen(
            [*FANZHA, "up"], env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


@contextmanager
def running(
    *,
    workers: int,
    listed: int = 0,
    cores: Sequence[int] = (),
    checkout: Path = CHECKOUT,
    data: Path | None = None,
    **settings: str,
) -> Iterator[Service]:
    """Start a service on free ports with *listed* numbers; end it in order.

    Its code is that of *checkout*. *cores* are for its workers alone. Where the machine has others,
    the embedded store and the administration of lists run there, as a carrier has them on another
    host.
    *settings* are variables such as ``FANZHA_HIT_FLUSH_MS``; others of the environment that
    start with ``FANZHA_`` do not reach it. *data* is a folder that outlives it.
    """
    # On SIGTERM, a benchmark stops its child processes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    with TemporaryDirectory(prefix="fanzha-bench-") as name:
        folder = data or Path(name)
        environment = _environment(folder, workers, checkout) | settings
        process = _up(folder, environment)
        try:
            if cores:
                # Before it has children or threads, which inherit the affinity.
                os.sched_setaffinity(process.pid, cores)
            service = replace(_started(process, folder), checkout=checkout)
            _move_the_rest(process.pid, os.sched_getaffinity(0) - set(cores))
            _check_code(service)
            if listed:
                import_numbers(service, listed)
            yield service
        finally:
            _end(process)


def _environment(folder: Path, workers: int, checkout: Path) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FANZHA_")}
    environment |= {
        "PYTHONPATH": str(checkout),
        # Else processes that `up` starts import from the working directory: this checkout's code.
        "PYTHONSAFEPATH": "1",
        "FANZHA_DATA_DIR": str(folder),
        **loader.free_ports(),
        "FANZHA_WORKERS": str(workers),
        # A carrier has the warning pipeline and the console on another host.
        "FANZHA_WARNING_ENABLED": "false",
    }
    # Older commits have no console, and refuse settings that they do not know.
    has_console = (checkout / "services" / "console").is_dir()
    return environment | ({"FANZHA_CONSOLE": "false"} if has_console else {})


def _check_code(service: Service) -> None:
    """Raise `RuntimeError` where a process has loaded the kernels of another checkout.

    They lie in the package that loads them, so they tell whose code runs.
    """
    own = service.checkout.resolve()
    for process in processes.tree(service.pid):
        for kernel in processes.mapped(process, KERNEL):
            if not kernel.is_relative_to(own):
                raise RuntimeError(f"the service of {own} runs code of another checkout: {kernel}")


def import_numbers(service: Service, listed: int) -> None:
    """Import numbers as an operator would, and wait until the workers have them."""
    file = service.folder / "numbers.csv"
    first = scenarios.FIRST_LISTED
    with file.open("w") as lines:
        lines.write("pattern\n")
        lines.writelines(f"+{number}\n" for number in range(first, first + listed))
    for who in _AUTHOR:
        done = _imported(service, file, who)
        if f"No such option: {who}" not in done.stderr:
            break
    if done.returncode or json.loads(done.stdout)["added"] != listed:
        raise RuntimeError(f"the list was not imported: {done.stdout}{done.stderr}")
    _wait_until_listed(service, f"+{first + listed - 1}")


def _imported(service: Service, file: Path, who: str) -> "subprocess.CompletedProcess[str]":
    command = [
        *FANZHA, "blocklist", "import", str(file), "--source", "province", "--expires", "365d",
        "--reason", "load test", who, "bench", "--target", service.admin, "--json",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(service.checkout)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False,
        timeout=IMPORT_SECONDS,
    )  # fmt: skip


def _wait_until_listed(service: Service, number: str) -> None:
    until = time.monotonic() + START_SECONDS
    with Client(service.target, Options(timeout=1.0)) as client:
        while not client.decide_call(Call(caller=number, callee="+8619900000001")).blocked:
            if time.monotonic() > until:
                raise RuntimeError("the list did not reach the workers")
            time.sleep(0.1)
    # Every worker checks for a new list at least once a second.
    time.sleep(1.0)


def _move_the_rest(parent: int, cores: Collection[int]) -> None:
    for process in processes.tree(parent):
        if cores and not {"services", "worker"} <= set(processes.command(process)):
            processes.pin(process, cores)


def _started(process: "subprocess.Popen[bytes]", folder: Path) -> Service:
    file = folder / "endpoints.json"
    until = time.monotonic() + START_SECONDS
    while not file.exists():
        if process.poll() is not None or time.monotonic() > until:
            log = (folder / "up.log").read_text()[-_MOST_OF_A_LOG:]
            raise RuntimeError(f"the service did not start: {log}")
        time.sleep(0.05)
    ends = json.loads(file.read_text())
    return Service(
        target=ends["interception"],
        admin=ends["admin"],
        metrics=ends["metrics"],
        pid=process.pid,
        folder=folder,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
