"""What answers mean, in Chinese and English."""

import pytest

from services.warning.robot import meanings
from services.warning.robot.meanings import AnswerReader
from services.warning.robot.script import Meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("我已经转了五千", Meaning.PAID),
        ("轉 了", Meaning.PAID),
        ("刚才把验证码给他了", Meaning.PAID),
        ("被骗了怎么办", Meaning.PAID),
        ("I already paid them", Meaning.PAID),
        ("没有转账", Meaning.NO),
        ("我还没转", Meaning.NO),
        ("no, I haven't paid", Meaning.NO),
        ("还没转，我害怕", Meaning.OFFICER),
        ("让民警联系我", Meaning.OFFICER),
        ("please call me", Meaning.OFFICER),
        ("退订", Meaning.STOP),
        ("STOP", Meaning.STOP),
        ("你们是谁", Meaning.WHO),
        ("who is this?", Meaning.WHO),
        ("好的，谢谢", Meaning.NO),
        ("ok thanks", Meaning.NO),
        ("是的", Meaning.YES),
        ("yes", Meaning.YES),
        ("nobody knows", Meaning.OTHER),
        ("哈哈", Meaning.OTHER),
        ("嗯", Meaning.NO),
        ("嗯？", Meaning.OTHER),
        ("no?", Meaning.OTHER),
        ("1", Meaning.OTHER),
        ("", Meaning.OTHER),
        ("一开始没转，后来转了2,000", Meaning.PAID),
        ("差点就转了，谢谢", Meaning.NO),
        ("他让我转3万我没转", Meaning.NO),
        ("我准备转", Meaning.YES),
        ("如果转了会怎样", Meaning.OTHER),
        ("I didn\u2019t pay at first. Then I sent him 2,000", Meaning.PAID),
        ("he asked me to pay", Meaning.OTHER),
        ("at the bus stop", Meaning.OTHER),
        ("哪个派出所的", Meaning.WHO),
        ("\u200b" * 50, Meaning.OTHER),
    ],
)
def test_an_answer_is_understood(answer: str, meaning: Meaning) -> None:
    assert meanings.shipped().read(answer) is meaning


def test_a_file_without_a_word_for_each_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="has "):
        AnswerReader({"paid": ["x"]}, "own.toml")
