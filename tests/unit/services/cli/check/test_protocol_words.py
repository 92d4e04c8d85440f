"""What `fanzha check --protocol` prints."""

import json

import pytest

from fanzha.decisions import Reason
from fanzha.v1 import decision_pb2
from services.cli.check import protocol_words
from services.decision.protocol_answer import links
from services.decision.protocol_answer.model import ProtocolAnswer, SmppAnswer
from services.decision.protocol_answer.redress import Redress
from services.decision.protocol_answer.sip import SipResponses
from services.rpc.decide.protocol_messages import protocol_message

REDRESS = Redress(url="https://appeal.example/")
CALL = ProtocolAnswer(sip=SipResponses(redress=REDRESS).of(Reason.SCORED, 42), isup_cause=21)
TEXT = ProtocolAnswer(smpp=SmppAnswer(submit_status=0x45, deliver_status=0x66))
LINK = ProtocolAnswer(
    rpz=links.rpz("http://bad.example/", "", action="nxdomain", ttl=300),
    http=links.http(42, "", REDRESS, with_page=True),
)


def decided(answer: ProtocolAnswer) -> decision_pb2.Decision:
    return decision_pb2.Decision(protocol_answer=protocol_message(answer))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (CALL, "SIP/2.0 603 Network Blocked"),
        (
            CALL,
            'Reason: Q.850;cause=21;text="v=analytics1;url=https://appeal.example/;id=42"'
            ";location=RLN",
        ),
        (TEXT, "SMPP submit_sm_resp command_status 0x00000045"),
        (ProtocolAnswer(label="疑似诈骗"), "Label: 疑似诈骗"),
        (LINK, "RPZ bad.example 300 IN CNAME ."),
        (LINK, "HTTP 403"),
    ],
)
def test_a_protocol_answer_is_printed_as_sent(
    answer: ProtocolAnswer, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    protocol_words.show(decided(answer))

    assert expected in capsys.readouterr().out.splitlines()


def test_json_holds_all_of_it() -> None:
    (words,) = protocol_words.as_words(decided(LINK)).values()

    assert words["rpz"] == {"owner": "bad.example", "rdata": "CNAME .", "ttl": 300}
    assert words["http"]["headers"]["Cache-Control"] == "no-store"
    assert "<!DOCTYPE html>" in words["http"]["body"]
    assert json.dumps(words)


def test_a_decision_without_one_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    protocol_words.show(decision_pb2.Decision())

    assert capsys.readouterr().out == ""
    assert protocol_words.as_words(decision_pb2.Decision()) == {}
