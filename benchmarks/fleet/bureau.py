"""The people of the fleet: they change lists, decide on appeals and confirm hits all the time.

Each goes from host to host, and to the next one when a request fails. `Ledger` has what was
acknowledged to them, which nothing may lose; what failed may have happened or not, and is counted.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc

from benchmarks.fleet.host import ADMINISTRATION, DECISIONS
from benchmarks.fleet.load import LISTED
from fanzha.client import Login, channels
from fanzha.v1 import (
    appeal_pb2,
    appeal_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    change_pb2,
    change_pb2_grpc,
    change_state_pb2,
    decision_pb2,
    feedback_pb2,
    feedback_pb2_grpc,
    interception_pb2_grpc,
)

EDITOR, APPROVER, OFFICER, CARRIER, AUDITOR = "li", "zhao", "zhou", "gateway-1", "sun"
_NUMBERS = 8617000100000
_VICTIMS = 8619800100000
_CALLER = "+8617000000777"
_SECONDS = 5.0
_APPEAL_SECONDS = 20.0
_PAUSES = {"change": 0.4, "appeal": 2.0, "hit": 0.5}
"""Seconds between two of a kind."""


@dataclass(kw_only=True)
class Ledger:
    """What was acknowledged, and how often something was not."""

    listed: dict[str, int] = field(default_factory=dict)
    """Numbers whose block was acknowledged, and the version that has it."""
    appealed: int = 0
    """Numbers that were listed until somebody appealed; they may be lifted now."""
    lifted: dict[str, int] = field(default_factory=dict)
    """Numbers whose appeal was upheld, and the appeal."""
    confirmed: dict[str, int] = field(default_factory=dict)
    """People whose hit was confirmed and called durable, and the decision."""
    not_durable: int = 0
    """Confirmations answered with DURABILITY_MEMORY: those may be lost, and are made again."""
    failed: dict[str, int] = field(default_factory=dict)
    """Requests without an answer in time, or refused, by kind."""

    def acknowledged(self) -> int:
        """Return how much was acknowledged."""
        return len(self.listed) + self.appealed + len(self.lifted) + len(self.confirmed)

    def forget(self, numbers: Iterable[str]) -> None:
        """Expect nothing of these numbers any more."""
        for number in numbers:
            for kept in (self.listed, self.lifted, self.confirmed):
                kept.pop(number, None)

    def failures(self) -> int:
        """Return how many requests failed."""
        return sum(self.failed.values())


class Bureau:
    """The people, each in a thread, and their connections to all hosts."""

    def __init__(self, hosts: Sequence[str], logins: Mapping[str, Login]) -> None:
        """Connect to the hosts at these addresses as each of the people."""
        self.ledger = Ledger()
        self._hosts = list(hosts)
        self._stubs = {
            address: _stubs(address, logins) for address in hosts
        }  # fmt: skip
        self._numbers = iter(range(_NUMBERS, _NUMBERS + 90_000))
        self._victims = iter(range(_VICTIMS, _VICTIMS + 90_000))
        self._unconfirmed: list[int] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._working = threading.Event()
        self._busy = {kind: threading.Lock() for kind in _PAUSES}
        self._threads = [
            threading.Thread(target=self._work, args=(kind, do), daemon=True)
            for kind, do in (
                ("change", self.change), ("appeal", self._appeal), ("hit", self._hit)
            )
        ]  # fmt: skip

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._working.set()
        for thread in self._threads:
            thread.join()

    def work(self) -> None:
        """Let the people work from now on."""
        self._working.set()

    def rest(self) -> None:
        """Let them end what they do, and pause."""
        self._working.clear()
        for busy in self._busy.values():
            with busy:
                pass

    def stub(self, address: str, service: str) -> Any:
        """Return a stub of a service at a host."""
        return self._stubs[address][service]

    def upheld(self, address: str) -> set[int]:
        """Return the appeals that are on record as upheld at a host."""
        found: set[int] = set()
        token = ""
        while True:
            page = self.stub(address, "appeals").ListAppeals(
                appeal_pb2.ListAppealsRequest(
                    state=appeal_pb2.APPEAL_STATE_UPHELD, page_size=1000, page_token=token
                ),
                timeout=_APPEAL_SECONDS,
            )
            found |= {appeal.appeal_id for appeal in page.appeals}
            token = page.next_page_token
            if not token:
                return found

    def list_known(self) -> None:
        """List the numbers that the load knows."""
        self._block(self._hosts[0], [f"{LISTED}{last}" for last in range(10)], _APPEAL_SECONDS)

    def change(self, address: str) -> None:
        """List another number by two people; note it once that is acknowledged."""
        self._block(address, [f"+{next(self._numbers)}"], _SECONDS)

    def _block(self, address: str, numbers: Sequence[str], seconds: float) -> None:
        """List numbers by two people."""
        additions = [
            blocklist_pb2.Entry(
                pattern=number, action=decision_pb2.ACTION_BLOCK,
                source=decision_pb2.SOURCE_PROVINCE, reason="fleet",
            )
            for number in numbers
        ]  # fmt: skip
        contents = change_pb2.ChangeContents(additions=additions, reason="fleet")
        created = (
            self.stub(address, "edits")
            .CreateChange(
                change_pb2.CreateChangeRequest(
                    contents=contents, go_to=change_state_pb2.CHANGE_STATE_APPLIED
                ),
                timeout=seconds,
            )
            .change
        )
        if created.state == change_state_pb2.CHANGE_STATE_PENDING:
            created = self.stub(address, "approvals").ApproveChange(
                change_pb2.ApproveChangeRequest(id=created.id), timeout=seconds
            ).change  # fmt: skip
        if created.state != change_state_pb2.CHANGE_STATE_APPLIED:
            raise RuntimeError(f"change {created.id} is in state {created.state}")
        with self._lock:
            self.ledger.listed |= dict.fromkeys(numbers, created.applied_version)

    def _appeal(self, address: str) -> None:
        """Uphold the appeal of somebody who is listed."""
        with self._lock:
            number = next((one for one in self.ledger.listed if not one.startswith(LISTED)), None)
            if number is None:
                return
            # Until it is decided, the number may be listed or not.
            del self.ledger.listed[number]
            self.ledger.appealed += 1
        opened = self.stub(address, "complaints").OpenAppeal(
            appeal_pb2.OpenAppealRequest(
                pattern=number, appellant=number, contact="-", grounds="fleet"
            ),
            timeout=_SECONDS,
        )
        id_, office = opened.appeal.appeal_id, self.stub(address, "appeals")
        office.TakeAppeal(appeal_pb2.TakeAppealRequest(appeal_id=id_), timeout=_SECONDS)
        decided = office.DecideAppeal(
            appeal_pb2.DecideAppealRequest(
                appeal_id=id_, outcome=appeal_pb2.APPEAL_STATE_UPHELD, reason="fleet"
            ),
            timeout=_APPEAL_SECONDS,
        )
        # Without a time, some worker has not said yet that it lets the calls through.
        if decided.appeal.lift.list_version:
            with self._lock:
                self.ledger.lifted[number] = id_

    def _hit(self, address: str) -> None:
        """Confirm that somebody was called by a fraudster, again until that is durable."""
        number = self._unconfirmed.pop() if self._unconfirmed else next(self._victims)
        # If this fails it may have happened; to confirm it again must make no other warning.
        self._unconfirmed.append(number)
        victim, decision = f"+{number}", number
        answer = self.stub(address, "feedback").ConfirmHit(
            feedback_pb2.ConfirmHitRequest(
                decision_id=decision, fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
                traffic=feedback_pb2.DecidedTraffic(
                    channel=decision_pb2.CHANNEL_CALL, from_party=_CALLER, to_party=victim,
                    occurred_at_ms=time.time_ns() // 1_000_000,
                ),
            ),
            timeout=_SECONDS,
        )  # fmt: skip
        with self._lock:
            if answer.durability == feedback_pb2.DURABILITY_SYNCED:
                self._unconfirmed.remove(number)
                self.ledger.confirmed[victim] = decision
            else:
                self.ledger.not_durable += 1

    def _work(self, kind: str, do: Callable[[str], None]) -> None:
        turn = 0
        while not self._ending.is_set():
            self._working.wait()
            with self._busy[kind]:
                if self._working.is_set() and not self._ending.is_set():
                    try:
                        do(self._hosts[turn % len(self._hosts)])
                    except grpc.RpcError:
                        with self._lock:
                            self.ledger.failed[kind] = self.ledger.failed.get(kind, 0) + 1
            turn += 1
            self._ending.wait(_PAUSES[kind])


def _stubs(address: str, logins: Mapping[str, Login]) -> dict[str, Any]:
    """Return stubs by what they are used for."""
    administration = {
        who: channels.blocking(f"{address}:{ADMINISTRATION}", login)
        for who, login in logins.items()
    }
    decisions = channels.blocking(f"{address}:{DECISIONS}", logins[CARRIER])
    return {
        "edits": change_pb2_grpc.ChangeServiceStub(administration[EDITOR]),
        "approvals": change_pb2_grpc.ChangeServiceStub(administration[APPROVER]),
        "complaints": appeal_pb2_grpc.AppealServiceStub(administration[CARRIER]),
        "appeals": appeal_pb2_grpc.AppealServiceStub(administration[OFFICER]),
        "lists": blocklist_pb2_grpc.BlocklistServiceStub(administration[AUDITOR]),
        "decisions": interception_pb2_grpc.InterceptionServiceStub(decisions),
        "feedback": feedback_pb2_grpc.FeedbackServiceStub(decisions),
    }
