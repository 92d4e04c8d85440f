"""The file that the stop-payment desk gets."""

import json

import pytest

from fanzha.fraud import FraudType
from services.warning.cases import state_machine
from services.warning.cases.events import CaseEvent, EventKind, HeardReply, StopPaymentStep
from services.warning.model import Region
from services.warning.stop_payment import payment_file
from tests.support.warnings import NOW_MS, a_warning

PAID_AT_MS = NOW_MS + 60_000


def noted(said: str, meaning: str) -> CaseEvent:
    reply = HeardReply(text=said, meaning=meaning)
    return CaseEvent(kind=EventKind.NOTED, at_ms=PAID_AT_MS, by="robot", reply=reply)


def written(*, whole_number: bool) -> tuple[dict[str, object], str]:
    warning = a_warning(1)
    events = [
        CaseEvent(kind=EventKind.OPENED, at_ms=NOW_MS, by="intake", warning=warning, round=1,
                  campaign="number:+8619900000001"),
        CaseEvent(kind=EventKind.ROUTED, at_ms=NOW_MS, by="router",
                  region=Region(province="340000", city="340500", county="340503")),
        noted("你是谁", "who"),
        noted("我转了5000元", "paid"),
        CaseEvent(kind=EventKind.NOTED, at_ms=PAID_AT_MS, by="robot",
                  stop_payment=StopPaymentStep.DUE),
    ]  # fmt: skip
    case = state_machine.fold(events)
    content_type, body = payment_file.written(
        case, events, source="fanzha", whole_number=whole_number, at_ms=PAID_AT_MS + 5
    )
    assert content_type == "application/cloudevents+json"
    event = json.loads(body)
    assert event["id"] == payment_file.file_id(case.id)
    return event["data"], body


def test_it_has_what_the_desk_asks_for() -> None:
    data, _ = written(whole_number=True)

    assert data["number"] == "+8617000000001"
    assert data["fraud_type"] == FraudType.FAKE_LOAN.name.lower()
    assert data["amounts_said_fen"] == [500_000]
    assert data["reported_at"] == "2025-11-24T16:01:00+00:00"
    assert data["used_by_fraud"] == [{"kind": "caller", "value": "+8619900000001"}]
    assert [one["text"] for one in data["said"]] == ["你是谁", "我转了5000元"]  # type: ignore[attr-defined]
    assert data["region"] == {
        "code": "340503", "province": "340000", "city": "340500", "county": "340503",
    }  # fmt: skip


def test_the_number_may_stay_masked() -> None:
    _, body = written(whole_number=False)

    assert "17000000001" not in body


@pytest.mark.parametrize(
    ("body", "receipt"),
    [
        (b'{"receipt": "ZF-7"}', "ZF-7"),
        (b'{"receipt": 12}', "12"),
        (b"", ""),
        (b"ok", ""),
        (b"[1]", ""),
        (b'{"receipt": true}', ""),
        (b'{"receipt": "a\\u001b[2J"}', ""),
        (b'{"receipt": "' + b"9" * 101 + b'"}', ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_a_receipt_is_read_from_the_answer(body: bytes, receipt: str) -> None:
    assert payment_file.receipt_in(body) == receipt
