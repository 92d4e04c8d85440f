"""Which protocols an answer speaks, by channel and action."""

import pytest

from fanzha.decisions import Action, DisplayLabel
from fanzha.tables import Ingress
from services.decision.protocol_answer.answers import LABELS, ProtocolAnswers
from services.decision.protocol_answer.model import ProtocolAnswer
from services.decision.protocol_answer.redress import Redress
from services.decision.protocol_answer.sip import SipResponses
from tests.support.builders import (
    NINE_O_CLOCK_S,
    FixedScore,
    a_velocity_stage,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_texts,
)

LISTED, OTHER, ABROAD = "+8617012345678", "+8617000000001", "+12025550123"
ANSWERS = ProtocolAnswers(sip=SipResponses(redress=Redress(url="https://appeal.example/")))


def test_only_a_blocked_call_has_a_sip_response_and_a_cause() -> None:
    calls = some_calls(OTHER, LISTED)
    decisions = an_engine(an_entry(LISTED)).decide_calls(calls, NINE_O_CLOCK_S)

    found = ANSWERS.of_rows(calls, decisions, range(2))

    assert list(found) == [1]
    assert found[1].sip is not None
    assert f';id={decisions.first_id + 1}"' in found[1].sip.headers[0].value
    assert found[1].isup_cause == 21
    assert (found[1].label, found[1].smpp, found[1].http) == ("", None, None)


def test_a_blocked_text_gets_a_permanent_error() -> None:
    texts = some_texts("您好", sender=LISTED)
    decisions = an_engine(an_entry(LISTED)).decide_texts(texts, NINE_O_CLOCK_S)

    smpp = ANSWERS.of_rows(texts, decisions, [0])[0].smpp

    assert smpp is not None
    assert (smpp.submit_status, smpp.deliver_status) == (0x45, 0x66)


def test_a_blocked_link_has_a_record_a_status_and_a_page() -> None:
    links = some_links("http://good.example/", "http://bad.example/a")
    decisions = an_engine(an_entry("bad.example")).decide_links(links, NINE_O_CLOCK_S)

    found = ANSWERS.of_rows(links, decisions, range(2))

    assert list(found) == [1]
    assert found[1].rpz is not None
    assert (found[1].rpz.owner, found[1].rpz.ttl) == ("bad.example", 300)
    assert found[1].http is not None
    assert found[1].http.status == 451
    assert str(decisions.first_id + 1) in found[1].http.body


def test_pages_are_bounded() -> None:
    links = some_links(*["http://bad.example/"] * 3)
    decisions = an_engine(an_entry("bad.example")).decide_links(links, NINE_O_CLOCK_S)

    found = ANSWERS.of_rows(links, decisions, range(3), max_pages=2)

    assert [bool(answer.http and answer.http.body) for answer in found.values()] == [1, 1, 0]


@pytest.mark.parametrize(
    ("language", "expected"), [("zh", "国际来电 疑似诈骗"), ("en", "International Suspected fraud")]
)
def test_labels_of_a_call_from_abroad_that_is_suspected(language: str, expected: str) -> None:
    calls = some_calls(*[ABROAD] * 63, "+12025550124", ingress=Ingress.INTERNATIONAL)
    engine = an_engine(velocity=a_velocity_stage(model=FixedScore(0.95)))
    decisions = engine.decide_calls(calls, NINE_O_CLOCK_S)

    found = ProtocolAnswers(language=language).of_rows(calls, decisions, [0, 63])

    assert found[0] == ProtocolAnswer(label=expected)
    assert found[63] == ProtocolAnswer(label=LABELS[language][DisplayLabel.INTERNATIONAL])


def test_blocked_traffic_has_no_label() -> None:
    calls = some_calls(ABROAD, ingress=Ingress.INTERNATIONAL)
    decisions = an_engine(an_entry(ABROAD)).decide_calls(calls, NINE_O_CLOCK_S)

    assert decisions.actions[0] == Action.BLOCK
    assert ANSWERS.of_rows(calls, decisions, [0])[0].label == ""


def test_an_english_label_fits_a_calling_name() -> None:
    assert all(len(label) <= 15 for label in LABELS["en"].values())
    assert set(LABELS["en"]) == set(LABELS["zh"])
