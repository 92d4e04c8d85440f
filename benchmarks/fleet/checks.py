"""What has to hold once a fault is over: nothing acknowledged is lost, and all hosts agree.

`Healing` waits until the fleet works as before: the store is whole, a change through each host is
acknowledged, all workers of all hosts have the newest lists, and whoever was to be warned is. Then
`examine` compares what each host has with what was acknowledged.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from benchmarks.fleet import store_node
from benchmarks.fleet.bureau import Bureau, Ledger
from benchmarks.fleet.fleet import WORKERS, Fleet
from benchmarks.fleet.host import Host
from benchmarks.fleet.warned import VoiceRobot
from fanzha.v1 import blocklist_pb2, decision_pb2, interception_pb2
from services.audit import keys, verifier

_POLL_SECONDS = 0.25
_SECONDS = 5.0
_EXPORT_SECONDS = 30.0
_CALLEE = "+8619800000002"
_SHOWN = 3


@dataclass(kw_only=True)
class Findings:
    """What was found once a fault was over."""

    lost: dict[str, str] = field(default_factory=dict)
    """Acknowledged writes that are gone, by the number that they are about."""
    wrong: list[str] = field(default_factory=list)
    """Anything else that does not hold."""


class Healing:
    """Waits until the fleet works as before."""

    def __init__(self, fleet: Fleet, bureau: Bureau, robot: VoiceRobot) -> None:
        self._fleet, self._bureau, self._robot = fleet, bureau, robot
        self._changed: set[str] = set()
        self.waited: dict[str, float] = {}
        """Seconds that each thing was missing."""

    def wait(self, began: float, seconds: float) -> tuple[float | None, str]:
        """Return how long after *began* all held; None after *seconds*, and what was missing."""
        looked = began
        while True:
            missing = self._missing()
            now = time.monotonic()
            taken, looked, since = now - began, now, looked
            self.waited[missing] = self.waited.get(missing, 0.0) + now - since
            if not missing:
                return taken, ""
            if taken > seconds:
                return None, missing
            time.sleep(_POLL_SECONDS)

    def _missing(self) -> str:
        late = [host.name for host in self._fleet.hosts if not host.ready]
        if late:
            return f"{', '.join(late)} not ready"
        store_node.restart_ended(self._fleet.store)
        store = self._fleet.store.missing()
        if store:
            return f"the store: {store}"
        return self._no_change() or self._workers_behind() or self._not_warned()

    def _no_change(self) -> str:
        """Change something through each host, once."""
        waiting = [one for one in self._fleet.hosts if one.address not in self._changed]
        with ThreadPoolExecutor(len(self._fleet.hosts)) as beside:
            failures = list(beside.map(self._change, waiting))
        return "; ".join(filter(None, failures))

    def _change(self, host: Host) -> str:
        try:
            self._bureau.change(host.address)
        except (grpc.RpcError, RuntimeError) as error:
            return f"no change through {host.name}: {_words(error)}"
        self._changed.add(host.address)
        return ""

    def _workers_behind(self) -> str:
        for host in self._fleet.hosts:
            try:
                status = self._bureau.stub(host.address, "lists").GetStatus(
                    blocklist_pb2.GetStatusRequest(), timeout=_SECONDS
                )
            except grpc.RpcError as error:
                return f"no status of {host.name}: {_words(error)}"
            current = [one for one in status.workers if one.list_version == status.version]
            if len(current) < WORKERS * len(self._fleet.hosts):
                return f"{len(current)} of {len(status.workers)} workers have the newest lists"
        return ""

    def _not_warned(self) -> str:
        waiting = [one for one in self._bureau.ledger.confirmed if not self._robot.messages_of(one)]
        return f"{len(waiting)} people not warned" if waiting else ""


def examine(fleet: Fleet, bureau: Bureau, robot: VoiceRobot) -> Findings:
    """Compare all hosts with what was acknowledged; nobody may change anything meanwhile."""
    found = Findings()
    ledger = bureau.ledger
    listed = {host.name: _entries(bureau, host) for host in fleet.hosts}
    found.lost |= _lost_entries(ledger, listed)
    if len({frozenset(entries) for entries in listed.values()}) > 1:
        found.wrong.append("the hosts have different entries")
    for host in fleet.hosts:
        _examine_decisions(bureau, host, listed[host.name], found)
        _examine_audit_log(host, found)
    _examine_appeals(fleet, bureau, found)
    for person in ledger.confirmed:
        messages = robot.messages_of(person)
        if not messages:
            found.lost[person] = "a confirmed hit, and nobody warned"
        elif messages > 1:
            found.wrong.append(f"{messages} warnings of one hit")
    return found


def _lost_entries(ledger: Ledger, listed: Mapping[str, set[str]]) -> dict[str, str]:
    """Return what is wrong with each number whose block or lift some host has not."""
    found = {}
    for what, numbers, blocked in (
        ("block acknowledged, not in the lists", ledger.listed, True),
        ("lifted by an appeal, in the lists", ledger.lifted, False),
    ):
        for number in numbers:
            hosts = [name for name, entries in listed.items() if (number in entries) != blocked]
            if hosts:
                found[number] = f"{what} of {', '.join(hosts)}"
    return found


def _entries(bureau: Bureau, host: Host) -> set[str]:
    request = blocklist_pb2.ExportEntriesRequest()
    answers = bureau.stub(host.address, "lists").ExportEntries(request, timeout=_EXPORT_SECONDS)
    return {
        entry.pattern
        for answer in answers
        for entry in answer.entries
        if entry.action == decision_pb2.ACTION_BLOCK
    }


def _examine_decisions(bureau: Bureau, host: Host, entries: set[str], found: Findings) -> None:
    """Ask a host about every number of the ledger, without counting it as a call."""
    numbers = [*bureau.ledger.listed, *bureau.ledger.lifted]
    request = interception_pb2.DecideCallsRequest(
        calls=[interception_pb2.Call(caller=number, callee=_CALLEE) for number in numbers],
        dry_run=True,
    )
    answers = bureau.stub(host.address, "decisions").DecideCalls(
        request, timeout=_SECONDS, wait_for_ready=True
    )
    wrong = [
        number
        for number, action in zip(numbers, answers.decisions.actions, strict=True)
        if (action == decision_pb2.ACTION_BLOCK) != (number in entries)
    ]
    found.wrong += _named(wrong, f"{host.name} decides otherwise than its lists")


def _examine_audit_log(host: Host, found: Findings) -> None:
    folder = host.data / "audit"
    file = Path(host.settings["FANZHA_AUDIT_PUBLIC_KEYS_FILE"])
    public = keys.read_public(file.read_text(), str(file))
    report = verifier.verify(verifier.paths_of(folder), public)
    for problem in report.problems[:_SHOWN]:
        found.wrong.append(f"audit log of {host.name}: {problem}")
    if report.bad_list_changes:
        count = report.bad_list_changes
        found.wrong.append(f"audit log of {host.name}: {count} changes of the lists without seal")


def _examine_appeals(fleet: Fleet, bureau: Bureau, found: Findings) -> None:
    for host in fleet.hosts:
        upheld = bureau.upheld(host.address)
        gone = {number for number, id_ in bureau.ledger.lifted.items() if id_ not in upheld}
        found.lost |= dict.fromkeys(gone, f"appeal upheld, not on record at {host.name}")


def _named(numbers: "Sequence[str] | set[str]", what: str) -> list[str]:
    shown = ", ".join(sorted(numbers)[:_SHOWN])
    return [f"{what}: {shown} ({len(numbers)})"] * bool(numbers)


def _words(error: Exception) -> str:
    details = getattr(error, "details", None)
    return str(details() if callable(details) else error)[:200]
