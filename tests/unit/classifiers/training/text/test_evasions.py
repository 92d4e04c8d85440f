"""Evasions kept for measuring."""

from random import Random

import numpy as np
import pytest

from classifiers.training.text import report
from classifiers.training.text.data import TEST, LabelledText
from classifiers.training.text.evasions import EVASIONS
from fanzha.tables import Bools

CHINESE = "您的银行账户积分可兑换现金，请加微信转账，联系客服领取"
ENGLISH = "your account has been suspended, please verify your details at the bank"


@pytest.mark.parametrize("name", EVASIONS)
def test_every_evasion_changes_a_suitable_text(name: str) -> None:
    text = ENGLISH if name == "misspelt" else CHINESE

    assert EVASIONS[name](text, Random(1)) != text


@pytest.mark.parametrize("name", EVASIONS)
def test_an_evasion_repeats_with_its_seed(name: str) -> None:
    assert EVASIONS[name](CHINESE, Random(2)) == EVASIONS[name](CHINESE, Random(2))


def test_recall_is_counted_for_the_text_as_it_is_and_for_each_evasion() -> None:
    rows = [
        LabelledText(
            source="own",
            label="fraud",
            split=TEST,
            text=CHINESE,
            language=0,
            allowed=(False, False, True),
        )
    ]

    def blocked(texts: object) -> Bools:
        assert isinstance(texts, list)
        return np.array(["客服" in text for text in texts])

    figures = report.under_evasions(rows, blocked, seed=1)

    assert figures[0]["as it is"] == 1
    assert figures[0]["harmless frame"] == 1
    assert set(EVASIONS) <= set(figures[0])
