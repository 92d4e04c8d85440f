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


def test_a_link_confirmed_on_one_host_marks_a_text_and_a_call_on_another(
    hosts: tuple[Running, Running],
) -> None:
    one, other = hosts
    with (
        grpc.insecure_channel(one.interception) as here,
        grpc.insecure_channel(other.interception) as there,
    ):
        feedback: Any = feedback_pb2_grpc.FeedbackServiceStub(here)
        carrier = Carrier(there)
        before = carrier.text(), carrier.call()
        hit = feedback_pb2.DecidedTraffic(
            channel=decision_pb2.CHANNEL_LINK, url=LINK, occurred_at_ms=1_767_603_600_000
        )
        feedback.ConfirmHit(
            feedback_pb2.ConfirmHitRequest(decision_id=DECISION, confirmed_by="li", traffic=hit),
            timeout=30,
        )
        eventually(lambda: carrier.text().reason == decision_pb2.REASON_RELATED)
        for _ in range(3):
            text = carrier.text()
        eventually(lambda: carrier.call().reason == decision_pb2.REASON_RELATED)
        call = carrier.call()
        feedback.DismissHit(
            feedback_pb2.DismissHitRequest(decision_id=DECISION, dismissed_by="li"), timeout=30
        )
        eventually(lambda: carrier.text().reason != decision_pb2.REASON_RELATED)
        eventually(lambda: carrier.call().reason != decision_pb2.REASON_RELATED)
        words = feedback_pb2.DecidedTraffic(
            channel=decision_pb2.CHANNEL_TEXT,
            from_party=SENDER,
            to_party=RECEIVER,
            occurred_at_ms=1_767_603_600_000,
            fingerprint=fingerprint(TEMPLATE),
        )
        feedback.ConfirmHit(
            feedback_pb2.ConfirmHitRequest(
                decision_id=DECISION + 1, confirmed_by="li", traffic=words
            ),
            timeout=30,
        )
        other_sender = "+8617000000003"
        eventually(
            lambda: carrier.text(VARIANT, other_sender).reason == decision_pb2.REASON_RELATED
        )
        variant = carrier.text(VARIANT, other_sender)

    page = other.metrics_page()
    assert {decision.reason for decision in before} == {decision_pb2.REASON_SCORED}
    assert (text.action, text.related_entity) == (
        decision_pb2.ACTION_ALLOW,
        "link:parcel-fee.example",
    )
    assert (text.related_evidence, text.related_to) == (decision_pb2.EVIDENCE_LINK, "")
    assert (call.action, call.related_entity) == (decision_pb2.ACTION_ALLOW, CALLBACK)
    assert call.related_to == "link:parcel-fee.example"
    assert (variant.action, variant.related_evidence) == (
        decision_pb2.ACTION_ALLOW,
        decision_pb2.EVIDENCE_TEXT,
    )
    assert variant.related_entity == f"text:{fingerprint(TEMPLATE)}"
    assert call.related_since_ms >= text.related_since_ms > 0
    assert "fanzha_related_propagation_seconds_count" in page
