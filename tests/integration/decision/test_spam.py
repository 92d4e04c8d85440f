"""Advertising is blocked where a deployment asks for it, and told from fraud."""

from pathlib import Path

from fanzha.client import channels
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from tests.support.processes import LEAN, eventually, fanzha_up


def test_spam_is_blocked_where_set_with_its_own_reason(tmp_path: Path) -> None:
    settings = {"FANZHA_BLOCK_SPAM": "true", "FANZHA_SPAM_THRESHOLD": "0.000001"}
    text = pb.Text(sender="1069000000", receiver="+8617000000999", body="本店新品八折，欢迎光临")
    with fanzha_up(tmp_path, workers=1, **settings, **LEAN) as service:
        with channels.blocking(service.interception) as channel:
            stub = interception_pb2_grpc.InterceptionServiceStub(channel)
            decision = stub.DecideText(pb.DecideTextRequest(text=text), timeout=30).decision
        counted = 'fanzha_decisions_total{action="block",channel="text",reason="spam"} 1.0'
        eventually(lambda: counted in service.metrics_page())
        hits = service.fanzha("hits", "tail", "--since", "beginning", "--count", "1", "--json")

    assert decision.action == decision_pb2.ACTION_BLOCK
    assert decision.reason == decision_pb2.REASON_SPAM
    assert decision.score < decision.threshold
    assert '"stream": "suspected"' in hits.stdout
    assert '"reason": "spam"' in hits.stdout
