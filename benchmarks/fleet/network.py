"""The network between the hosts: a device in each, and the switch that joins them."""

import fcntl
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from benchmarks.fleet.isolation import HostNamespace, run

CLIENTS = "198.51.100.10"
"""Address of this process, at the carrier's site. The range is for documentation (RFC 5737)."""
_PREFIX = 24
_BYTES = 9000
"""Largest packet: fewer and larger ones cost the switch less."""
_DEVICE = "fleet"
_MAKE_TUN = 0x400454CA
_TUN_WITHOUT_HEADER = 0x1001
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What packets from some hosts to others suffer, and back."""

    between: frozenset[str]
    """Addresses on one side."""
    and_: frozenset[str]
    delay_seconds: float = 0.0
    lost: float = 0.0
    """Share of packets; 1 is a cut cable."""

    def rows(self) -> list[tuple[str, str, float, float]]:
        """Return it as the switch reads it."""
        pairs = [(one, other) for one in self.between for other in self.and_ if one != other]
        both = {*pairs, *((other, one) for one, other in pairs)}
        return [(*pair, self.delay_seconds, self.lost) for pair in sorted(both)]


class NetworkSwitch:
    """The switch, as a process, and the devices of the hosts."""

    def __init__(self, hosts: Mapping[str, HostNamespace]) -> None:
        """Give each host its address; this process gets `CLIENTS`."""
        self.addresses = frozenset(hosts)
        ports = {CLIENTS: _device(CLIENTS, None)}
        ports |= {address: _device(address, network) for address, network in hosts.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "benchmarks.fleet.switch", json.dumps(ports)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=list(ports.values()), text=True,
        )  # fmt: skip
        for port in ports.values():
            os.close(port)
        # The rest waits for packets: it goes first.
        os.setpriority(os.PRIO_PROCESS, self._process.pid, -5)
        self.hold(())

    def hold(self, conditions: Iterable[Condition]) -> None:
        """Let these conditions hold from now on, and no others."""
        rows = [row for condition in conditions for row in condition.rows()]
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the switch has no pipes")
        self._process.stdin.write(json.dumps(rows) + "\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            raise RuntimeError("the switch has ended")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _device(address: str, network: HostNamespace | None) -> int:
    """Make a device with an address in a namespace, None: this one; return its other end."""
    name = f"{_DEVICE}{address.rpartition('.')[2]}"
    port = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(port, _MAKE_TUN, struct.pack("16sH22x", name.encode(), _TUN_WITHOUT_HEADER))
    if network is not None:
        run("ip", "link", "set", name, "netns", str(network.pid))
    command = run if network is None else network.run
    command("ip", "address", "add", f"{address}/{_PREFIX}", "dev", name)
    command("ip", "link", "set", name, "mtu", str(_BYTES), "up")
    if network is None:
        command("ip", "link", "set", "lo", "up")
    return port
