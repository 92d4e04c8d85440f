"""A telephone network on loopback: SIPp calls through a real Kamailio, whose next hop is SIPp.

Kamailio runs examples/kamailio-redirect.cfg. SIPp writes down how each call went: which answer it
got, when, and how long after the INVITE the phone rang.
"""

import os
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import datagram_reply, program, started
from tests.support.processes import PATIENCE_SECONDS, Running
from tests.support.reserved_ports import reserved_port

CONFIGURATION = CHECKOUT / "examples" / "kamailio-redirect.cfg"
CALLER = Path(__file__).with_name("sip_caller.xml")
CALLEE = Path(__file__).with_name("sip_callee.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSwitch:
    """A Kamailio and the folder where it writes call ends."""

    port: int
    call_ends: Path
    process: "subprocess.Popen[bytes]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SippCall:
    """How one call went."""

    caller: str
    status: int
    """180 for one that rang, else the status of its final response."""
    began_at: float
    """Seconds since the Unix epoch."""
    seconds: float
    """From the INVITE to the answer that says so."""
    reason: str
    """The Reason header of a refusal."""


@contextmanager
def switch(
    folder: Path,
    *,
    next_hop: int,
    adapters: Sequence[int],
    patience_ms: int = 100,
    transport: str = "udp",
) -> Iterator[RunningSwitch]:
    """Run Kamailio between a caller and *next_hop*; it asks the adapters, if there are any.

    *transport* is that to the adapters, udp or tcp.
    """
    command = program("kamailio", package="kamailio")
    port, ends = reserved_port(), folder / "call-ends"
    ends.mkdir(parents=True)
    addresses = [f"1 sip:127.0.0.1:{adapter};transport={transport}" for adapter in adapters]
    (folder / "adapters.list").write_text("\n".join([*addresses, ""]))
    defined = {
        "MY_SOCKET": f"udp:127.0.0.1:{port}",
        "NEXT_HOP": f'"sip:127.0.0.1:{next_hop}"',
        "ADAPTERS": f'"{folder / "adapters.list"}"',
        "PATIENCE_MS": str(patience_ms),
        "CALL_ENDS_FOLDER": f'"{ends}"',
    }
    defines = [word for name, value in defined.items() for word in ("-A", f"{name}={value}")]
    file = folder / "kamailio.cfg"
    tcp = f"listen=tcp:127.0.0.1:{port}" if transport == "tcp" else "disable_tcp=yes"
    file.write_text(f"{CONFIGURATION.read_text()}\n{tcp}\n")
    arguments = ["-f", str(file), *defines, "-DD", "-E", "-m", "512", "-Y", str(folder)]
    with started([command, *arguments], folder, lambda: bool(datagram_reply(port, _ping()))) as one:
        try:
            yield RunningSwitch(port=port, call_ends=ends, process=one)
        finally:
            # In an orderly end with open transactions, Kamailio 6.0.1 waits for half a minute.
            _kill_tree(one.pid)


@contextmanager
def callee(folder: Path) -> Iterator[int]:
    """Run a SIPp that takes every call and rings; yield its port."""
    command, port = program("sipp", package="sip-tester"), reserved_port()
    arguments = ["-sf", str(CALLEE), "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    with started([command, *arguments], folder, lambda: _is_bound(port)):
        yield port


@contextmanager
def dialling(
    folder: Path, port: int, parties: Sequence[tuple[str, str]], *, rate: int, calls: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Make *calls* calls at *rate* a second, to each of *parties* in turn; see `calls_of`."""
    command = program("sipp", package="sip-tester")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{caller};{callee_};" for caller, callee_ in parties]
    (folder / "parties.csv").write_text("\n".join(["SEQUENTIAL", *lines, ""]))
    seconds = calls / rate + 60
    arguments = [
        "-sf", str(CALLER), "-inf", "parties.csv", f"127.0.0.1:{port}", "-i", "127.0.0.1",
        "-p", str(reserved_port()), "-r", str(rate), "-m", str(calls), "-l", str(calls),
        "-timeout", f"{seconds:.0f}", "-nostdin", "-trace_logs", "-log_file", "calls.log",
        "-timer_resol", "1",
    ]  # fmt: skip
    with (folder / "sipp.log").open("wb") as log:
        process = subprocess.Popen(
            [command, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield process
            process.wait(seconds + PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()


def dial(
    folder: Path, port: int, parties: Sequence[tuple[str, str]], *, rate: int, calls: int
) -> list[SippCall]:
    """Make calls, and return how they went."""
    with dialling(folder, port, parties, rate=rate, calls=calls):
        pass
    return calls_of(folder)


def calls_of(folder: Path) -> list[SippCall]:
    """Return how calls went that `dialling` made."""
    begun: dict[str, tuple[str, float]] = {}
    found: dict[str, SippCall] = {}
    for line in (folder / "calls.log").read_text().splitlines():
        kind, call, *rest = line.split("|")
        if kind == "INVITE":
            begun[call] = (rest[0], _time(*rest[1:]))
        elif kind == "ANSWER" and call not in found:
            caller, began_at = begun[call]
            status, seconds, micros, reason = rest
            found[call] = SippCall(
                caller=caller,
                status=int(status),
                began_at=began_at,
                seconds=_time(seconds, micros) - began_at,
                reason=reason.partition(":")[2].strip(),
            )
    return list(found.values())


def statuses(calls: Sequence[SippCall]) -> Counter[int]:
    """Count calls by status."""
    return Counter(call.status for call in calls)


def kill_service(service: Running) -> None:
    """End a service at once: all of its processes, its store too, which would outlive it."""
    _kill_tree(service.process.pid)


def decision_id(call: SippCall) -> int:
    """Return the decision id that a 603+ bears; 0 without one."""
    match = re.search(r'text="v=analytics1;[^"]*;id=([A-Za-z0-9_-]{1,64})"', call.reason)
    return int(match[1]) if match else 0


def _kill_tree(root: int) -> None:
    for process in processes.tree(root):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _is_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _time(seconds: str, micros: str) -> float:
    return float(seconds) + float(micros) / 1e6


def _ping() -> bytes:
    lines = [
        "OPTIONS sip:ping@127.0.0.1 SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bKping",
        "From: <sip:ping@127.0.0.1>;tag=1",
        "To: <sip:ping@127.0.0.1>",
        "Call-ID: ping@127.0.0.1",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
