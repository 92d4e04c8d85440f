"""Texts are sorted by shape, then by words; of our own sentences."""

import pytest

from classifiers.training.error_kinds import text_rules
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE
from fanzha.text import normalise_all

FRAUDS = {
    "这是我的新号码请大家惠存谢谢各位": "a new number of somebody's, or an account to pay into",
    "Congratulations you are the lucky winner, claim within two days": (
        "prizes, gifts and vouchers"
    ),
    "您在本店的包裹因地址有误无法派送请重新填写": "parcels and orders",
    "Your wallet is suspended, sign in again to keep it": (
        "a card, a wallet or an account that is locked or charged"
    ),
    "本公司诚聘兼职人员在家即可操作轻松": "work at home and orders to click",
    "Please look at http://one.example/a when you can": "English, without these words, with a link",
    "好的": "fewer than 12 characters, links and numbers as one each",
    "a" * 300: "250 characters or more, as talks and reports",
}
HAM = {
    "您的验证码是 123456，请在五分钟内输入": "one-time codes",
    "警方提醒：谨防冒充客服的骗子，不要汇款": "warnings against fraud",
    "Your parcel was left with the neighbour at number nine": "parcels and orders",
    "Shall we see each other at seven as always": (
        "English, without these words, a link or a number"
    ),
}


def kind_of(text: str, label: str) -> str:
    language = "en" if text.isascii() else "zh"
    rules = text_rules.rules(normalise_all([text]), [language])[label]
    return next(kind for kind, holds in rules.items() if holds[0])


@pytest.mark.parametrize("text", FRAUDS)
def test_a_fraud_is_sorted_by_what_it_speaks_of(text: str) -> None:
    assert kind_of(text, FRAUD) == FRAUDS[text]


@pytest.mark.parametrize("text", HAM)
def test_a_legitimate_text_is_sorted_by_what_it_speaks_of(text: str) -> None:
    assert kind_of(text, LEGITIMATE) == HAM[text]


def test_a_latin_word_counts_only_where_it_stands_alone() -> None:
    assert kind_of("The alphabet has twenty six letters", FRAUD) != "games for money"
    assert kind_of("Place a bet with us this evening", FRAUD) == "games for money"


def test_there_are_twenty_kinds_of_frauds_and_as_many_of_others() -> None:
    rules = text_rules.rules([""], ["zh"])

    assert min(len(rules[FRAUD]), len(rules[LEGITIMATE])) >= 20
