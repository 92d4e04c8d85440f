"""Responses to blocked calls, read as strictly as a peer might."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Reason
from services.decision.protocol_answer.model import SipAnswer
from services.decision.protocol_answer.redress import Redress
from services.decision.protocol_answer.sip import SipResponses

URL, TEL, EMAIL = "https://appeal.example/a?b=c", "+861060000000", "appeal@carrier.example"
FULL = Redress(url=URL, tel=TEL, email=EMAIL)
DECISION = 7_355_608_123_456

# RFC 3261, section 25.1, and RFC 3326, section 2, without the blanks that both allow.
TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"
QUOTED = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*"'
PARAMETER = re.compile(rf";({TOKEN})=({TOKEN}|{QUOTED})")
REASON = re.compile(rf"({TOKEN})((?:;{TOKEN}=(?:{TOKEN}|{QUOTED}))*)")
# RFC 8606.
LOCATIONS = {"U", "LPN", "LN", "TN", "RLN", "RPN", "LOC-6", "INTL", "LOC-8", "LOC-9", "BI"}


class ReadReason(NamedTuple):
    """A Reason header."""

    protocol: str
    parameters: dict[str, str]


def read_reason(answer: SipAnswer) -> ReadReason:
    (value,) = (header.value for header in answer.headers if header.name == "Reason")
    match = REASON.fullmatch(value)
    assert match, value
    pairs = PARAMETER.findall(match[2])
    assert len({name for name, _ in pairs}) == len(pairs)
    return ReadReason(match[1], dict(pairs))


def read_analytics(text: str) -> dict[str, str]:
    """Read the text of ATIS-1000099, or raise."""
    assert text.startswith('"v=analytics1;')
    assert text.endswith('"')
    pairs = [pair.partition("=") for pair in text[1:-1].split(";")]
    found = {name: value for name, _, value in pairs}
    assert len(found) == len(pairs)
    assert set(found) <= {"v", "url", "tel", "email", "id"}
    assert {"url", "tel", "email"} & set(found)
    assert found.get("url", "https://").startswith("https://")
    assert re.fullmatch(r"\+[1-9][0-9]{2,14}", found.get("tel", "+861"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", found["id"])
    return found


def test_a_block_by_analytics_is_603_plus_with_the_decision_id_for_redress() -> None:
    answer = SipResponses(redress=FULL).of(Reason.SCORED, DECISION)

    assert (answer.status, answer.phrase) == (603, "Network Blocked")
    reason = read_reason(answer)
    assert reason.protocol == "Q.850"
    assert reason.parameters["cause"] == "21"
    assert reason.parameters["location"] in LOCATIONS
    assert read_analytics(reason.parameters["text"]) == {
        "v": "analytics1",
        "url": URL,
        "tel": TEL,
        "email": EMAIL,
        "id": str(DECISION),
    }


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        (SipResponses(), Reason.SCORED),
        (SipResponses(answer="603", redress=FULL), Reason.BLOCKLISTED),
        (SipResponses(redress=FULL), Reason.IMPLAUSIBLE),
        (SipResponses(redress=FULL), Reason.FAILED_CLOSED),
        (
            SipResponses(answer="608", redress=FULL, jcard_url="https://a.example/jcard"),
            Reason.IMPLAUSIBLE,
        ),
    ],
    ids=["no contact", "by setting", "not by analytics", "no model", "not by analytics, 608"],
)
def test_a_plain_603_claims_no_analytics(responses: SipResponses, reason: Reason) -> None:
    answer = responses.of(reason, DECISION)

    assert (answer.status, answer.phrase) == (603, "Decline")
    read = read_reason(answer)
    assert read == ReadReason("Q.850", {"cause": "21", "location": "RLN"})
    assert [header.name for header in answer.headers] == ["Reason"]


def test_608_points_to_the_signed_jcard() -> None:
    responses = SipResponses(answer="608", jcard_url="https://appeal.example/jcard.jws")

    answer = responses.of(Reason.SCORED, DECISION)

    assert (answer.status, answer.phrase) == (608, "Rejected")
    headers = {header.name: header.value for header in answer.headers}
    assert headers["Call-Info"] == "<https://appeal.example/jcard.jws>;purpose=jwscard"
    assert read_reason(answer).parameters["cause"] == "21"


def test_whoever_forged_a_number_gets_no_contact_with_608() -> None:
    """RFC 8688, section 6: a contact gives those who forge numbers a target."""
    responses = SipResponses(answer="608", jcard_url="https://appeal.example/jcard.jws")

    answer = responses.of(Reason.SCORED, DECISION, forged=True)

    assert (answer.status, answer.phrase) == (608, "Rejected")
    assert [header.name for header in answer.headers] == ["Reason"]


def test_a_decision_without_an_id_names_none() -> None:
    """ATIS-1000099: the id is optional; a dry run has none."""
    text = read_reason(SipResponses(redress=FULL).of(Reason.SCORED, 0)).parameters["text"]

    assert text == f'"v=analytics1;url={URL};tel={TEL};email={EMAIL}"'


def test_608_without_a_jcard_is_refused() -> None:
    with pytest.raises(ValueError, match="608 needs jcard_url"):
        SipResponses(answer="608", redress=FULL)


def test_607_is_unwanted() -> None:
    answer = SipResponses(answer="607").of(Reason.SCORED, DECISION)

    assert (answer.status, answer.phrase) == (607, "Unwanted")


HOSTILE = st.text(st.sampled_from('aZ0.-/:?=&;"\\<>,@+ \r\n\t\x00é中'), max_size=20)


@given(
    url=HOSTILE.map(lambda end: f"https://a.example/{end}") | HOSTILE,
    tel=HOSTILE.map(lambda end: f"+86{end}") | HOSTILE,
    email=HOSTILE.map(lambda start: f"{start}@a.example") | HOSTILE,
    decision_id=st.integers(1, 2**64 - 1),
)
def test_no_contact_and_no_id_breaks_a_header(
    url: str, tel: str, email: str, decision_id: int
) -> None:
    try:
        redress = Redress(url=url, tel=tel, email=email)
    except ValueError:
        return

    answer = SipResponses(redress=redress).of(Reason.SCORED, decision_id)

    for header in answer.headers:
        assert not re.search(r"[\r\n\x00-\x1f\x7f]", header.name + header.value)
    parameters = read_reason(answer).parameters
    assert set(parameters) <= {"cause", "text", "location"}
    if redress.contacts():
        found = read_analytics(parameters["text"])
        assert found["id"] == str(decision_id)
        assert [(name, found[name]) for name, _ in redress.contacts()] == redress.contacts()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://appeal.example/"},
        {"url": 'https://appeal.example/"'},
        {"url": "https://appeal.example/;id=1"},
        {"url": "https://appeal.example/a,b"},
        {"url": "https://appeal.example/\r\nX: y"},
        {"url": "https://appeal.example/\n"},
        {"url": "https://user@appeal.example/"},
        {"tel": "110"},
        {"tel": "+86106000;x"},
        {"email": 'a"b@carrier.example'},
        {"email": "a@b;c.example"},
    ],
)
def test_contacts_that_do_not_fit_into_a_header_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="that fits into a header"):
        Redress(**wrong)
