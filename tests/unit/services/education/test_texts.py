"""The texts that come along, and those that are refused."""

from itertools import chain

import pytest

from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from services.education import texts
from services.education.model import EducationText
from services.entities.financial_fraud import FinancialFraud
from services.warning.messages import linter
from services.warning.messages.sms_length import sms_length

THEMES = {texts.GENERAL} | {
    kind.name for kind in chain(FraudType, FinancialFraud) if kind is not FraudType.UNSPECIFIED
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_theme_has_a_text_that_passes_the_linter_in_two_sms(language: str) -> None:
    _, found = texts.shipped(language)

    assert found.keys() == THEMES
    assert {name: linter.faults(text) for name, text in found.items() if linter.faults(text)} == {}
    assert max(sms_length(text).parts for text in found.values()) <= 2


def test_without_a_text_the_one_of_its_theme_is_chosen() -> None:
    theme = texts.theme_of(0, int(FinancialFraud.VIRTUAL_CURRENCY))

    found = texts.chosen(EducationText(), theme, "zh", most_parts=2)

    assert "虚拟货币" in found.text
    assert found.label == "virtual_currency.zh-1"


@pytest.mark.parametrize(
    "text",
    [
        "【反诈宣传】详情请看 www.learn.example",
        "【反诈宣传】咨询请拨打 13800000000",
        "【反诈宣传】回复T退订",
        "【反诈宣传】加微信 fan_zha_2026 领资料",
        "【反诈宣传】请拨打９６１１０１２３",
    ],
)
def test_what_a_fraudster_could_imitate_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="text"):
        texts.chosen(
            EducationText(text=text, template="a", version="1"), "GENERAL", "zh", most_parts=2
        )


def test_a_text_needs_a_name_and_a_version_and_fits() -> None:
    good = "【反诈宣传】不轻信陌生来电。"
    with pytest.raises(InvalidInput, match="template_version"):
        texts.chosen(EducationText(text=good, template="a"), "GENERAL", "zh", most_parts=2)
    long = EducationText(text=good * 10, template="a", version="1")
    with pytest.raises(InvalidInput, match="takes 3 SMS"):
        texts.chosen(long, "GENERAL", "zh", most_parts=2)


def test_a_theme_is_of_one_taxonomy() -> None:
    assert texts.theme_of(0, 0) == "GENERAL"
    with pytest.raises(InvalidInput, match="one of the two"):
        texts.theme_of(1, 1)
    with pytest.raises(InvalidInput, match="unknown number 99"):
        texts.theme_of(99, 0)


def test_a_text_is_known_to_come_along_with_its_theme_only() -> None:
    loan = texts.theme_of(0, 1)
    came = texts.chosen(EducationText(), loan, "en", most_parts=2)

    assert texts.comes_along(came, 0, 1)
    assert not texts.comes_along(came, 0, 2)
    assert not texts.comes_along(EducationText(text=came.text + "。", version=came.version), 0, 1)
