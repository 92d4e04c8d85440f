"""A bank's program asks about numbers with an identity of its own, and too many at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest

from fanzha.status_details import DETAILS_KEY, RETRY_INFO
from fanzha.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    blocklist_pb2,
    blocklist_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
)
from tests.support.identities import AUDIENCE, ISSUER, Issuer
from tests.support.processes import LEAN, Running, fanzha_up
from tests.support.regional_office import written

DEADLINE = 60


class Bank:
    """A service, and programs of banks that ask it."""

    def __init__(self, running: Running, issuer: Issuer) -> None:
        self.running = running
        self.issuer = issuer

    def metadata(self, name: str, *roles: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.issuer.token(*roles, sub=name)}"),)

    def rate(
        self, numbers: Sequence[str], *, name: str, purpose: str = "transfer"
    ) -> risk_pb2.RateNumbersResponse:
        with grpc.insecure_channel(self.running.admin) as channel:
            return risk_pb2_grpc.RiskServiceStub(channel).RateNumbers(
                risk_pb2.RateNumbersRequest(numbers=numbers, purpose=purpose),
                metadata=self.metadata(name, "partner"),
                timeout=DEADLINE,
            )


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("bank")
    issuer = Issuer(folder / "jwks.json")
    settings = {
        **LEAN,
        "FANZHA_JWKS_FILE": str(folder / "jwks.json"),
        "FANZHA_TOKEN_ISSUER": ISSUER,
        "FANZHA_TOKEN_AUDIENCE": AUDIENCE,
        # So slow that no machine is slow enough to refill it meanwhile.
        "FANZHA_RISK_NUMBERS": "0.001",
    }
    up = folder / "up"
    up.mkdir(mode=0o700)
    with fanzha_up(up, workers=1, **settings) as running:
        yield Bank(running, issuer)


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


def test_a_bank_may_do_nothing_else(bank: Bank) -> None:
    with grpc.insecure_channel(bank.running.admin) as channel:
        stub: Any = blocklist_pb2_grpc.BlocklistServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.FindEntries(
                blocklist_pb2.FindEntriesRequest(query="+8617000000101"),
                metadata=bank.metadata("bank.example", "partner"),
                timeout=DEADLINE,
            )
    failed: Any = refused.value

    assert failed.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_flood_of_one_bank_is_refused_with_a_time_to_wait_and_others_are_answered(
    bank: Bank,
) -> None:
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

    with grpc.insecure_channel(bank.running.admin) as channel:
        stub: Any = audit_pb2_grpc.AuditServiceStub(channel)
        log = stub.ListRecords(
            audit_pb2.ListRecordsRequest(kinds=["risk_read"], actor="named.example"),
            metadata=bank.metadata("auditor", "auditor"),
            timeout=DEADLINE,
        )

    (record,) = log.records
    assert (record.details["purpose"], record.details["numbers"]) == ("new contract", "2")
    assert "0777" in record.details["named"]
    assert "8617000000777" not in written(log)
    assert "12025550177" not in written(log)
