from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, EntryKind, Source
from blocklists.importers import vocabulary
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType

NOW_S = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp())


def test_words_are_read_in_both_languages_and_any_case() -> None:
    assert vocabulary.read_action(" Block ") == vocabulary.read_action("拦截") == Action.BLOCK
    assert vocabulary.read_action("白名单") == Action.ALLOW
    assert vocabulary.read_direction("被叫") == Direction.TO
    assert vocabulary.read_source("tech-company") == Source.TECH_COMPANY
    assert vocabulary.read_fraud_type("冒充公检法") == FraudType.IMPERSONATE_AUTHORITY
    assert vocabulary.read_fraud_type("5") == FraudType.FAKE_LOAN
    assert vocabulary.read_kind("域名") == EntryKind.HOST
    assert vocabulary.read_kind("电话") is None


def test_every_kind_of_fraud_has_its_name() -> None:
    assert [vocabulary.read_fraud_type(one.name) for one in FraudType] == list(FraudType)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", datetime(2026, 2, 4, 9, tzinfo=UTC)),
        ("30 天", datetime(2026, 2, 4, 9, tzinfo=UTC)),
        ("2026-12-31", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2026年12月31日", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("20261231", datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2026/6/1 08:00:00", datetime(2026, 6, 1, 0, tzinfo=UTC)),
        ("2026-06-01T08:00:00Z", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("1800000000", datetime.fromtimestamp(1_800_000_000, UTC)),
    ],
)
def test_an_expiry_is_a_term_a_date_or_seconds(text: str, expected: datetime) -> None:
    assert vocabulary.read_expiry(text, NOW_S) == int(expected.timestamp())


def test_the_word_never_leaves_the_term_to_the_default() -> None:
    assert vocabulary.read_expiry("永久", NOW_S) is None


@pytest.mark.parametrize(
    "text", ["2020-01-01", "2026-02-30", "0d", "soon", "9999-01-01", "9999-12-31", ""]
)
def test_an_unreadable_or_past_expiry_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        vocabulary.read_expiry(text, NOW_S)


@given(st.text(max_size=30))
def test_any_word_is_read_or_refused(text: str) -> None:
    for read in (
        vocabulary.read_action, vocabulary.read_direction, vocabulary.read_source,
        vocabulary.read_fraud_type, vocabulary.read_kind, lambda text: vocabulary.read_expiry(text,
        NOW_S),
    ):  # fmt: skip
        with suppress(InvalidInput):
            read(text)
