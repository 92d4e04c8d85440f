"""Two hosts on one store: what is confirmed on one channel of one counts on the others of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.fingerprint import fingerprint
from fanzha.v1 import decision_pb2, feedback_pb2, feedback_pb2_grpc, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from tests.support.processes import LEAN, Running, eventually, fanzha_up

LINK = "http://track.parcel-fee.example/pay"
CALLBACK, SENDER, RECEIVER = "+8617000000001", "+8617000000002", "+8617000000999"
TEXT = f"你好，明天见。资料在 {LINK} ，有事打 17000000001"
TEMPLATE = "【示例社团】各位同学，本周六下午的读书会改到图书馆三楼小教室，请带上自己的书和水杯"
VARIANT = TEMPLATE.replace("示例社团", "样品社团") + "，不见不散"
DECISION = 77


@pytest.fixture
def hosts(redis_url: str, tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    settings = {"FANZHA_REDIS_URL": redis_url, **LEAN}
    with (
        fanzha_up(folders[0], workers=1, **settings) as first,
        fanzha_up(folders[1], workers=1, **settings) as second,
    ):
        yield first, second


class Carrier:
    """Asks one host for decisions."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = interception_pb2_grpc.InterceptionServiceStub(channel)

    def text(self, body: str = TEXT, sender: str = SENDER) -> decision_pb2.Decision:
        text = pb.Text(sender=sender, receiver=RECEIVER, body=body)
        return self._stub.DecideText(pb.DecideTextRequest(text=text), timeout=30).decision  # type: ignore[no-any-return]

    def call(self) -> decision_pb2.Decision:
        call = pb.Call(caller=CALLBACK, callee=RECEIVER)
        return self._stub.DecideCall(pb.DecideCallRequest(call=call), timeout=30).decision  # type: ignore[no-any-return]


class Analyst:
    """Confirms and dismisses hits at one host."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = feedback_pb2_grpc.FeedbackServiceStub(channel)

    def confirm(self, decision_id: int, **traffic: Any) -> None:
        hit = feedback_pb2.DecidedTraffic(occurred_at_ms=1_767_603_600_000, **traffic)
        request = feedback_pb2.ConfirmHitRequest(
            decision_id=decision_id, confirmed_by="li", traffic=hit
        )
        self._stub.ConfirmHit(request, timeout=30)

    def dismiss(self, decision_id: int) -> None:
        request = feedback_pb2.DismissHitRequest(decision_id=decision_id, dismissed_by="li")
        self._stub.DismissHit(request, timeout=30)


@pytest.fixture
def analyst(hosts: tuple[Running, Running]) -> Iterator[Analyst]:
    with grpc.insecure_channel(hosts[0].interception) as channel:
        yield Analyst(channel)


@pytest.fixture
def carrier(hosts: tuple[Running, Running]) -> Iterator[Carrier]:
    with grpc.insecure_channel(hosts[1].interception) as channel:
        yield Carrier(channel)


def test_a_confirmation_on_one_host_marks_texts_and_calls_on_another(
    hosts: tuple[Running, Running], analyst: Analyst, carrier: Carrier
) -> None:
    before = carrier.text(), carrier.call()

    analyst.confirm(DECISION, channel=decision_pb2.CHANNEL_LINK, url=LINK)
    eventually(lambda: carrier.text().reason == decision_pb2.REASON_RELATED)
    for _ in range(3):
        text = carrier.text()
    eventually(lambda: carrier.call().reason == decision_pb2.REASON_RELATED)
    call = carrier.call()
    analyst.dismiss(DECISION)
    eventually(lambda: carrier.text().reason != decision_pb2.REASON_RELATED)
    eventually(lambda: carrier.call().reason != decision_pb2.REASON_RELATED)

    link = "link:parcel-fee.example"
    assert {decision.reason for decision in before} == {decision_pb2.REASON_SCORED}
    assert (text.action, text.related_entity) == (decision_pb2.ACTION_ALLOW, link)
    assert (text.related_evidence, text.related_to) == (decision_pb2.EVIDENCE_LINK, "")
    assert (call.action, call.related_entity) == (decision_pb2.ACTION_ALLOW, CALLBACK)
    assert call.related_to == link
    assert call.related_since_ms >= text.related_since_ms > 0
    assert "fanzha_related_propagation_seconds_count" in hosts[1].metrics_page()
    _check_words(analyst, carrier)


def _check_words(analyst: Analyst, carrier: Carrier) -> None:
    """Confirm the words of a text; a near-duplicate of another sender is marked."""
    other_sender = "+8617000000003"
    analyst.confirm(
        DECISION + 1,
        channel=decision_pb2.CHANNEL_TEXT,
        from_party=SENDER,
        to_party=RECEIVER,
        fingerprint=fingerprint(TEMPLATE),
    )
    eventually(lambda: carrier.text(VARIANT, other_sender).reason == decision_pb2.REASON_RELATED)

    variant = carrier.text(VARIANT, other_sender)

    assert variant.action == decision_pb2.ACTION_ALLOW
    assert variant.related_evidence == decision_pb2.EVIDENCE_TEXT
    assert variant.related_entity == f"text:{fingerprint(TEMPLATE)}"
