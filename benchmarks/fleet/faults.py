"""The faults of the plan: each happens when it is entered, and is repaired when it is left."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeAlias

import grpc

from benchmarks.fleet import store_node
from benchmarks.fleet.bureau import CARRIER
from benchmarks.fleet.fleet import Fleet, addresses, fake_time
from benchmarks.fleet.host import DECISIONS, Host
from benchmarks.fleet.memory_limit import MemoryLimit
from benchmarks.fleet.network import CLIENTS, Condition
from benchmarks.fleet.plan import PlannedFault
from benchmarks.fleet.store_node import StoreNode
from benchmarks.service import CHECKOUT
from fanzha.client import channels
from fanzha.v1 import interception_pb2, interception_pb2_grpc

Fault: TypeAlias = "Callable[[Fleet, PlannedFault], AbstractContextManager[str]]"
"""Says what it did."""

DELAY_SECONDS, LOST = 0.2, 0.05
SKEW = {"clock_ahead": "+300", "clock_behind": "-300"}
_LIMIT_BYTES = 16 * 2**20
_LARGE_ROWS, _LARGE_BODY = 1024, 8000
_LARGE_SECONDS = 5.0
_SENDER, _RECEIVER = "+8617000000001", "+8619800000001"
_OUT_OF_MEMORY_SECONDS = 20.0


class NotHere(Exception):
    """This machine cannot have the fault; the message says why."""


@contextmanager
def nothing(_fleet: Fleet, _row: PlannedFault) -> Iterator[str]:
    """Let nothing happen."""
    yield "-"


@contextmanager
def cut_off(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Cut a host off from everybody."""
    (host,) = hosts_of(fleet, row)
    others = addresses(fleet.others(host)) | {CLIENTS}
    with _network(fleet, Condition(between=addresses([host]), and_=others, lost=1)):
        yield host.name


@contextmanager
def split(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Cut a host off from the other hosts, not from carriers."""
    (host,) = hosts_of(fleet, row)
    others = addresses(fleet.others(host))
    with _network(fleet, Condition(between=addresses([host]), and_=others, lost=1)):
        yield f"{host.name} | {', '.join(one.name for one in fleet.others(host))}"


@contextmanager
def delay(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Let packets of a host take longer."""
    (host,) = hosts_of(fleet, row)
    others = addresses(fleet.others(host)) | {CLIENTS}
    late = Condition(between=addresses([host]), and_=others, delay_seconds=DELAY_SECONDS)
    with _network(fleet, late):
        yield host.name


@contextmanager
def loss(fleet: Fleet, _row: PlannedFault) -> Iterator[str]:
    """Lose some packets between all."""
    everybody = addresses(fleet.hosts) | {CLIENTS}
    with _network(fleet, Condition(between=everybody, and_=everybody, lost=LOST)):
        yield "all"


@contextmanager
def clock_wrong(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Put the clock of a host wrong."""
    if fake_time() is None:
        raise NotHere("libfaketime is missing")
    (host,) = hosts_of(fleet, row)
    file = fleet.folder.clock(host.name)
    file.write_text(f"{SKEW[row.kind]}\n")
    try:
        yield host.name
    finally:
        file.write_text("+0\n")


@contextmanager
def disk_full(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Fill the disk of a host."""
    (host,) = hosts_of(fleet, row)
    host.disk.fill()
    try:
        yield host.name
    finally:
        host.disk.empty()
        _restart_ended(fleet, host)


@contextmanager
def read_only(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Turn the disk of a host read-only; to repair it, the host is stopped."""
    (host,) = hosts_of(fleet, row)
    if not host.disk.can_fail:
        raise NotHere("no loop device, so no disk that can fail")
    host.disk.fail()
    try:
        yield host.name
    finally:
        _kill(fleet, [host])
        host.disk.repair()
        _start(fleet, [host])


@contextmanager
def out_of_memory(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Let the kernel kill a worker that takes too much memory."""
    (host,) = hosts_of(fleet, row)
    try:
        limit = MemoryLimit(f"{fleet.folder.path.name}-{host.name}", _LIMIT_BYTES)
    except OSError as error:
        raise NotHere(f"no control group of memory can be made: {error}") from error
    try:
        limit.hold(host.workers())
        _ask_for_much(fleet, host, limit)
        yield f"{host.name}, {limit.killed} killed by the kernel"
    finally:
        limit.remove()


@contextmanager
def stopped_worker(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Stop a worker of a host without ending it."""
    (host,) = hosts_of(fleet, row)
    worker = host.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    try:
        yield host.name
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)


@contextmanager
def stopped_primary(fleet: Fleet, _row: PlannedFault) -> Iterator[str]:
    """Stop the store's primary without ending it."""
    node = fleet.store.primary()
    node.signal(signal.SIGSTOP)
    try:
        yield node.name
    finally:
        node.signal(signal.SIGCONT)


@contextmanager
def killed(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Kill every process of a host, and start them again."""
    hosts = hosts_of(fleet, row)
    _kill(fleet, hosts)
    try:
        yield ", ".join(host.name for host in hosts)
    finally:
        _start(fleet, hosts)


@contextmanager
def upgrade(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Replace an older version, host by host, while the others serve."""
    older = [host for host in fleet.hosts if host.code != CHECKOUT]
    if not older:
        raise NotHere("the hosts run this version already")
    for host in older:
        host.stop()
        host.code = CHECKOUT
        host.start()
        host.wait_ready()
    yield f"from {row.from_commit[:8]}: {', '.join(host.name for host in older)}"


@contextmanager
def power_lost(fleet: Fleet, row: PlannedFault) -> Iterator[str]:
    """Let hosts lose power: their disks keep what was synchronised."""
    hosts = hosts_of(fleet, row)
    if not all(host.disk.can_fail for host in hosts):
        raise NotHere("no loop device, so no disk that forgets")
    for host in hosts:
        host.disk.lose_power()
    _kill(fleet, hosts)
    try:
        yield ", ".join(host.name for host in hosts)
    finally:
        for host in hosts:
            host.disk.repair()
        _start(fleet, hosts)


FAULTS: dict[str, Fault] = {
    "nothing": nothing,
    "cut_off": cut_off,
    "split": split,
    "delay": delay,
    "loss": loss,
    "clock_ahead": clock_wrong,
    "clock_behind": clock_wrong,
    "disk_full": disk_full,
    "read_only": read_only,
    "out_of_memory": out_of_memory,
    "stopped_worker": stopped_worker,
    "stopped_primary": stopped_primary,
    "killed": killed,
    "power_lost": power_lost,
    "upgrade": upgrade,
}


def hosts_of(fleet: Fleet, row: PlannedFault) -> list[Host]:
    """Return the hosts that a row of the plan means."""
    if row.who == "all":
        return list(fleet.hosts)
    primary = fleet.host_of(fleet.store.primary().address)
    return [primary] if row.who == "primary" else [fleet.others(primary)[0]]


@contextmanager
def _network(fleet: Fleet, *conditions: Condition) -> Iterator[None]:
    fleet.switch.hold(conditions)
    try:
        yield
    finally:
        fleet.switch.hold(())


def _nodes(fleet: Fleet, hosts: Sequence[Host]) -> list[StoreNode]:
    return [node for host in hosts for node in store_node.of_host(fleet.store, host.address)]


def _kill(fleet: Fleet, hosts: Sequence[Host]) -> None:
    for host in hosts:
        host.kill()
    for node in _nodes(fleet, hosts):
        node.kill()


def _start(fleet: Fleet, hosts: Sequence[Host]) -> None:
    for node in _nodes(fleet, hosts):
        node.start()
    for host in hosts:
        host.start()


def _restart_ended(fleet: Fleet, host: Host) -> None:
    """Start what has ended by itself, as the system's supervisor does."""
    store_node.restart_ended(fleet.store)
    if host.ended:
        host.start()


def _ask_for_much(fleet: Fleet, host: Host, limit: MemoryLimit) -> None:
    """Send a host large requests until the kernel has killed one of its workers."""
    body = "明天上午的会改到九点半，" * (_LARGE_BODY // 12)
    text = interception_pb2.Text(sender=_SENDER, receiver=_RECEIVER, body=body)
    request = interception_pb2.DecideTextsRequest(texts=[text] * _LARGE_ROWS, dry_run=True)
    target, login = f"{host.address}:{DECISIONS}", fleet.logins[CARRIER]
    until = time.monotonic() + _OUT_OF_MEMORY_SECONDS
    while not limit.killed and time.monotonic() < until:
        with channels.blocking(target, login) as channel, suppress(grpc.RpcError):
            stub = interception_pb2_grpc.InterceptionServiceStub(channel)
            stub.DecideTexts(request, timeout=_LARGE_SECONDS)
    if not limit.killed:
        raise NotHere("the kernel killed no worker for its memory")
