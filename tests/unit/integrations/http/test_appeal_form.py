from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from integrations.http import appeal_form
from integrations.http.appeal_form import FormTokens, HourlyLimit

DECISION = 2**63 + 7


class Hours:
    """Stands until somebody moves it."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def form(token: str, **changes: str) -> bytes:
    fields = {
        "decision": str(DECISION),
        "token": token,
        "appellant": "张三",
        "contact": "x@y.example",
    }
    return urlencode(fields | {"grounds": "误拦"} | changes).encode()


def test_a_form_of_ours_is_read() -> None:
    tokens = FormTokens()

    found = appeal_form.read(form(tokens.make(DECISION)), tokens)

    assert found is not None
    assert (found.decision_id, found.appellant, found.grounds) == (DECISION, "张三", "误拦")


def test_a_token_is_for_one_decision_one_hour_and_one_process() -> None:
    clock = Hours()
    tokens = FormTokens(clock)
    token = tokens.make(DECISION)

    assert tokens.is_good(token, DECISION)
    assert not tokens.is_good(token, DECISION + 1)
    assert not FormTokens(clock).is_good(token, DECISION)
    clock.now += 3601
    assert not tokens.is_good(token, DECISION)


@given(st.text(max_size=100))
def test_no_other_text_is_a_token(text: str) -> None:
    assert not FormTokens().is_good(text, DECISION)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    assert appeal_form.read(body, FormTokens()) is None


def test_control_characters_are_taken_out() -> None:
    tokens = FormTokens()

    found = appeal_form.read(form(tokens.make(DECISION), grounds="a\x1b[31mb\u202ec"), tokens)

    assert found is not None
    assert found.grounds == "a[31mbc"


@given(st.text(max_size=30))
def test_a_decision_id_is_a_number_of_64_bits_or_none(text: str) -> None:
    assert 0 <= appeal_form.decision_of(text) < 2**64


def test_an_address_is_held_to_its_hourly_limit() -> None:
    clock = Hours()
    limit = HourlyLimit(2, clock)

    assert [limit.admits("a") for _ in range(3)] == [True, True, False]
    assert limit.admits("b")
    clock.now += 3600
    assert limit.admits("a")
