"""What sources send is read, or refused with the field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Source
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.warning.intake import parser
from services.warning.intake.parser import WarningParser
from services.warning.model import Risk, WarningRecord
from tests.support.warnings import NOW_MS

GOOD = {
    "reference": "a-1",
    "victim": "17000000001",
    "means_kind": "link",
    "means": "HTTP://Pay.Example/now",
    "occurred_at": "2025-11-24T23:59:00+08:00",
}


def read(**changed: object) -> WarningRecord:
    reader = WarningParser(HomePlan("86"), now_ms=lambda: NOW_MS, max_age_hours=72)
    return reader.parse(parser.parse_fields(GOOD | changed), Source.PROVINCE, "province.example")


def test_a_valid_record_is_read_into_the_common_form() -> None:
    warned = read(fraud_type="fake_loan", risk="high", talked_seconds=90, link_opened="true")

    assert warned.victim == "+8617000000001"
    assert warned.means.value == "http://pay.example/now"
    assert (warned.channel, warned.fraud_type) == (Channel.LINK, FraudType.FAKE_LOAN)
    assert (warned.risk, warned.talked_s, warned.opened) == (Risk.HIGH, 90, True)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reference": ""}, "reference: required"),
        ({"victim": ""}, "victim: required"),
        ({"victim": "110"}, "victim: not a phone number of a person"),
        ({"victim": "Bank"}, "victim: not a phone number of a person"),
        ({"means_kind": "pigeon"}, "means_kind: one of caller"),
        ({"means_kind": ""}, "means_kind: one of caller"),
        ({"means": ""}, "means: required"),
        ({"means_kind": "caller", "means": "+0"}, "means: not a number"),
        ({"occurred_at": ""}, "occurred_at: required"),
        ({"occurred_at": "2025-11-24T23:59:00"}, "occurred_at: no time zone"),
        ({"occurred_at": "soon"}, "occurred_at: not RFC 3339"),
        ({"occurred_at": "2030-01-01T00:00:00Z"}, "occurred_at: in the future"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, "occurred_at: more than 72 hours ago"),
        ({"risk": "huge"}, "risk: one of low"),
        ({"talked_seconds": "-1"}, "talked_seconds: not a number"),
        ({"talked_seconds": 10**6}, "talked_seconds: from 0"),
        ({"link_opened": "maybe"}, "link_opened: true or false"),
        ({"campaign": "x" * 129}, "campaign: at most 128"),
        ({"reference": "a\x1b[2J"}, "reference: has control or invisible characters"),
        ({"text": "words of a message"}, "'text': no such field"),
        ({"means": "not a link !!"}, "means: not a link"),
        ({"means": "localhost"}, "means: not a link"),
        ({"means_kind": "text", "means": "您的账户异常"}, "means: not a fingerprint"),
        ({"means_kind": "text", "means": "your account"}, "means: not a fingerprint"),
        ({"occurred_at": 1_764_000_000}, "occurred_at: before 1974"),
        ({"occurred_at": 1_764_000_000_000.5}, "occurred_at: a string or an integer"),
        ({"decision_id": 2**64}, "decision_id: at most"),
        ({"fraud_type": "loan"}, "fraud_type: one of brushing_rebate"),
        ({"fraud_type": "5"}, "fraud_type: one of brushing_rebate"),
        ({"victim": ["+8617000000001"]}, "victim: a string"),
    ],
)
def test_a_wrong_record_is_refused_with_its_field(changed: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidInput, match=why.replace("[", r"\[")):
        read(**changed)


@pytest.mark.parametrize("name", ["", "fanzha", "a/b", "..", "x" * 65, "a b"])
def test_an_invalid_source_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="source_name:"):
        parser.check_source_name(name)


def test_kinds_of_fraud_and_risks_are_known_by_their_chinese_names() -> None:
    warned = read(fraud_type="虚假贷款", risk="高")

    assert (warned.fraud_type, warned.risk) == (FraudType.FAKE_LOAN, Risk.HIGH)


@pytest.mark.parametrize("written", [f"fp1:{'0a' * 32}", "0A" * 16])
def test_a_fingerprint_is_accepted_in_place_of_a_text(written: str) -> None:
    assert read(means_kind="text", means=written).means.value == written


def test_the_largest_decision_id_is_accepted() -> None:
    assert read(decision_id=2**64 - 1).decision_id == 2**64 - 1


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.text("0123456789+-:TZ.", max_size=30)
    | st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat())
    | st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(st.sampled_from([*parser.FIELDS, "text", ""]), VALUES, max_size=6))
def test_any_record_is_read_or_refused_as_an_error_of_its_source(
    changed: dict[str, object],
) -> None:
    try:
        warned = read(**changed)
    except InvalidInput:
        return
    assert warned.victim.startswith("+")
    assert warned.reference.isprintable()
    assert 0 <= warned.decision_id <= parser.MOST_DECISION_ID
    assert 0 <= warned.talked_s <= parser.MOST_TALKED_S
    assert NOW_MS - 72 * 3_600_000 <= warned.occurred_at_ms <= NOW_MS + parser.AHEAD_MS


@given(st.text(max_size=80))
def test_the_name_of_a_source_is_safe_in_keys_or_refused(name: str) -> None:
    try:
        checked = parser.check_source_name(name)
    except InvalidInput:
        return
    assert checked == name
    assert not set(name) & set("{}:/ *\n")
