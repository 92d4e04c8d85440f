"""Disguises keep links and numbers, can be undone, and are counted source by source."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from classifiers.text.disguise import undo
from classifiers.training.disguises import rewriters
from classifiers.training.disguises.__main__ import BothReadings, harmless_table, recall_table
from classifiers.training.text import data
from classifiers.training.text.data import LabelledText
from fanzha.tables import Bools
from fanzha.text import normalise_all

TEXT = "claim your money before Monday at www.win.example/a1b or call 09061234567 now"
CHINESE = "恭喜您获得一等奖请加微信到银行兑换现金积分"


@pytest.mark.parametrize("name", rewriters.ENGLISH)
def test_a_disguise_keeps_links_and_numbers_and_hides_words(name: str) -> None:
    hidden = rewriters.ENGLISH[name](TEXT, Random(1))

    assert "www.win.example/a1b" in hidden
    assert "09061234567" in hidden
    assert undo(hidden)[1] > 0


@pytest.mark.parametrize("name", rewriters.CHINESE)
def test_disguises_of_chinese_are_undone(name: str) -> None:
    hidden = rewriters.CHINESE[name](CHINESE, Random(1))

    assert hidden != CHINESE
    assert normalise_all([undo(hidden)[0]]) == [CHINESE]


def rows(label: str, *texts: str) -> list[LabelledText]:
    return [
        data.labelled(source="s", label=label, category="", group=text, text=text, language="en")
        for text in texts
    ]


def with_prize(texts: Sequence[str]) -> Bools:
    return np.array(["prize" in text for text in texts], np.bool_)


def with_prize_or_emoji(texts: Sequence[str]) -> Bools:
    return with_prize(texts) | np.array([not text.isascii() for text in texts], np.bool_)


BOTH = BothReadings(with_prize, with_prize_or_emoji)


def test_recall_is_told_before_and_after_undoing() -> None:
    frauds = rows("fraud", *(f"a prize for {'x' * length}" for length in range(25)))

    table = recall_table(frauds, BOTH, {"all": rewriters.between_all_letters}, seed=1)

    assert table.splitlines()[2:] == ["| s | 25 | 100.0% | 0.0% → 100.0% |"]
    assert len(recall_table(frauds[:19], BOTH, {}, seed=1).splitlines()) == 2


def test_legitimate_texts_count_once_and_only_disguised_ones_are_judged() -> None:
    harmless = rows(
        "ham", "see you", "a p😀r😀i😀z😀e", "a prize😀for you", "no 😀 harm", "a prize"
    )

    table = harmless_table(harmless, BOTH)

    assert table.splitlines()[2:] == ["| s | ham | 5 | 3 | 1 | 2 |"]
