"""The lexicon of kinds of fraud."""

import pytest

from classifiers.text.fraud_type_words import WORDS, likely_type
from fanzha.fraud import FraudType
from fanzha.text import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("手机兼职刷单，佣金秒到", FraudType.BRUSHING_REBATE),
        ("老师带你炒股，稳赚不赔", FraudType.FAKE_INVESTMENT),
        ("演唱会内部票，先转定金", FraudType.FAKE_SHOPPING),
        ("您的快递丢失，请联系客服理赔", FraudType.FAKE_CUSTOMER_SERVICE),
        ("无抵押贷款，当天放款", FraudType.FAKE_LOAN),
        ("校园贷未注销影响征信", FraudType.FAKE_CREDIT),
        ("我是你领导，明天来我办公室", FraudType.IMPERSONATE_ACQUAINTANCE),
        ("公安局：您涉嫌洗钱，请联系警官", FraudType.IMPERSONATE_AUTHORITY),
        ("离异单身女士，诚心交友", FraudType.ROMANCE),
        ("高价收游戏装备", FraudType.GAME_TRADE),
        ("Hi mum, this is my new number", FraudType.IMPERSONATE_ACQUAINTANCE),
        ("Your parcel is on hold, verify", FraudType.FAKE_CUSTOMER_SERVICE),
        ("天气不错", FraudType.UNSPECIFIED),
        ("an endgame of sorts", FraudType.UNSPECIFIED),
        ("", FraudType.UNSPECIFIED),
    ],
)
def test_the_kind_follows_the_words(text: str, expected: FraudType) -> None:
    assert likely_type(normalise(text)) == expected


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(FraudType) - {FraudType.UNSPECIFIED}


def test_words_are_written_as_the_normaliser_leaves_them() -> None:
    words = [word for words in WORDS.values() for word in words]

    assert [normalise(word) for word in words] == words
