"""A bank's program asks about numbers over TLS, with an identity of its own, and too many."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest

from fanzha.client import Login, channels
from fanzha.status_details import DETAILS_KEY, RETRY_INFO
from fanzha.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    change_pb2,
    change_pb2_grpc,
    list_update_pb2,
    list_update_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
)
from services.auth.identity import Role
from services.auth.local_authority import AuthorityFolder
from tests.support.identities import now
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.regional_office import an_entry, written

DEADLINE = 60


class Bank:
    """A service that talks TLS only, and programs of banks that ask it."""

    def __init__(self, running: Running, folder: AuthorityFolder) -> None:
        self.running = running
        self.folder = folder

    def channel(self, name: str, *roles: Role) -> grpc.Channel:
        """Return a connection of *name*, with a token that is new each time."""
        token = self.folder.token(name, roles, regions=(), sources=(), now=now(), days=1)
        login = Login(ca=str(self.folder.authority), token=token)
        return channels.blocking(self.running.admin, login)

    def rate(
        self, numbers: Sequence[str], *, name: str, purpose: str = "transfer"
    ) -> risk_pb2.RateNumbersResponse:
        with self.channel(name, Role.PARTNER) as channel:
            return risk_pb2_grpc.RiskServiceStub(channel).RateNumbers(
                risk_pb2.RateNumbersRequest(numbers=numbers, purpose=purpose), timeout=DEADLINE
            )

    def list_number(self, number: str, **fields: Any) -> None:
        """Block a number: one proposes it, another approves."""
        request = blocklist_pb2.UpdateEntriesRequest(
            additions=[an_entry(number, **fields)], reason="reported"
        )
        with self.channel("editor", Role.EDITOR) as channel:
            stub: Any = blocklist_pb2_grpc.BlocklistServiceStub(channel)
            made = stub.UpdateEntries(request, timeout=DEADLINE)
        with self.channel("approver", Role.APPROVER) as channel:
            changes: Any = change_pb2_grpc.ChangeServiceStub(channel)
            approve = change_pb2.ApproveChangeRequest(id=made.change_id)
            changes.ApproveChange(approve, timeout=DEADLINE)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    base = tmp_path_factory.mktemp("bank")
    folder = AuthorityFolder(base / "identity")
    folder.make([], now=now(), days=30)
    # So slow that no machine is slow enough to refill it meanwhile.
    settings = {**LEAN, "FANZHA_CONFIG": str(folder.settings), "FANZHA_RISK_NUMBERS": "0.001"}
    up = base / "up"
    up.mkdir(mode=0o700)
    with fanzha_up(up, workers=1, **settings) as running:
        yield Bank(running, folder)


WRITTEN = {
    "+8617000000101": True,
    "17000000101": True,
    " +86 170-0000-0101 ": True,
    "tel:+8617000000101": True,
    "+12025550101": True,
    "+442079460958": True,
    "95588": True,
    "": False,
    "1700000010": False,
    "057100000000": False,
    "loan.example": False,
    "+8617000000101 OR 1=1": False,
    "+86" + "1" * 300: False,
}
"""Numbers as programs write them, and whether they can be read."""


def test_numbers_of_every_form_get_a_rating_or_are_called_unreadable(bank: Bank) -> None:
    answer = bank.rate(list(WRITTEN), name="forms.example")

    readable = {text: not one.unreadable for text, one in zip(WRITTEN, answer.risks, strict=True)}
    assert readable == WRITTEN
    assert {one.rating for one in answer.risks} == {risk_pb2.RISK_RATING_NONE}


def test_without_tls_or_without_a_name_nothing_is_told(bank: Bank) -> None:
    request = risk_pb2.RateNumbersRequest(numbers=["+8617000000101"], purpose="transfer")
    codes = []
    plain = grpc.insecure_channel(bank.running.admin)
    nobody = channels.blocking(bank.running.admin, Login(ca=str(bank.folder.authority)))
    for one in (plain, nobody):
        with one as channel, pytest.raises(grpc.RpcError) as refused:
            risk_pb2_grpc.RiskServiceStub(channel).RateNumbers(request, timeout=DEADLINE)
        failed: Any = refused.value
        codes.append(failed.code())

    assert codes == [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED]


def test_a_rating_tells_that_a_number_is_listed_and_not_by_whom_or_why(bank: Bank) -> None:
    bank.list_number(
        "+8617000000888", reason="secret-reason", campaign="secret-campaign", legal_basis="secret"
    )

    def listed() -> risk_pb2.NumberRisk:
        answer = bank.rate(["17000000888"], name=f"asks-{time.monotonic_ns()}.example")
        return answer.risks[0]

    eventually(lambda: listed().rating == risk_pb2.RISK_RATING_VERY_HIGH)

    found = listed()
    assert list(found.reasons) == ["listed"]
    assert {field.name for field, _ in found.ListFields()} == {
        *("rating", "reasons", "since_ms", "valid_until_ms")
    }
    assert "secret" not in written(found)


@pytest.mark.parametrize(
    ("stub", "method", "request_"),
    [
        (
            blocklist_pb2_grpc.BlocklistServiceStub,
            "FindEntries",
            blocklist_pb2.FindEntriesRequest(query="+8617000000888"),
        ),
        (
            blocklist_pb2_grpc.BlocklistServiceStub,
            "ExportEntries",
            blocklist_pb2.ExportEntriesRequest(),
        ),
        (
            list_update_pb2_grpc.ListUpdateServiceStub,
            "ComputeDiff",
            list_update_pb2.ComputeDiffRequest(),
        ),
        (audit_pb2_grpc.AuditServiceStub, "ListRecords", audit_pb2.ListRecordsRequest()),
    ],
)
def test_a_bank_may_do_nothing_else(bank: Bank, stub: Any, method: str, request_: Any) -> None:
    with bank.channel("bank.example", Role.PARTNER) as channel:
        ask = getattr(stub(channel), method)
        # A stream fails when its first answer is read, others at once.
        with pytest.raises(grpc.RpcError) as refused:
            next(iter(ask(request_, timeout=DEADLINE)))
    failed: Any = refused.value

    assert failed.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_flood_of_one_bank_is_refused_with_a_time_to_wait_and_others_are_answered(
    bank: Bank,
) -> None:
    # Each on a connection of its own and with a new token: what counts is the name.
    hundred = [f"+8617000000{number:03}" for number in range(100)]
    bank.rate(hundred, name="greedy.example")
    with pytest.raises(grpc.RpcError) as refused:
        bank.rate(hundred[:1], name="greedy.example")
    other = bank.rate(hundred[:1], name="modest.example")

    failed: Any = refused.value
    assert failed.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "numbers a second" in failed.details()
    assert RETRY_INFO.encode() in dict(failed.trailing_metadata())[DETAILS_KEY]
    assert len(other.risks) == 1


@pytest.mark.parametrize(
    ("numbers", "purpose", "why"),
    [([], "x", "1 to 100"), (["1"] * 101, "x", "1 to 100"), (["+8617000000101"], " ", "purpose")],
)
def test_a_request_that_is_wrong_says_how(
    bank: Bank, numbers: list[str], purpose: str, why: str
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        bank.rate(numbers, name=f"wrong{len(numbers)}.example", purpose=purpose)
    failed: Any = refused.value

    assert failed.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert why in failed.details()


def test_the_audit_log_names_the_bank_its_purpose_and_masked_numbers(bank: Bank) -> None:
    bank.rate(["+8617000000777", "+12025550177"], name="named.example", purpose="new contract")

    with bank.channel("auditor", Role.AUDITOR) as channel:
        stub: Any = audit_pb2_grpc.AuditServiceStub(channel)
        log = stub.ListRecords(
            audit_pb2.ListRecordsRequest(kinds=["risk_read"], actor="named.example"),
            timeout=DEADLINE,
        )

    (record,) = log.records
    assert (record.details["purpose"], record.details["numbers"]) == ("new contract", "2")
    assert "0777" in record.details["named"]
    assert "8617000000777" not in written(log)
    assert "12025550177" not in written(log)
