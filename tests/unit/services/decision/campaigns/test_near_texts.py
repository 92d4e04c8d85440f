"""Texts seen before are found again by their sketches."""

from hypothesis import given
from hypothesis import strategies as st

from fanzha import fingerprint
from fanzha.fingerprint import NEAR, Values
from fanzha.text import normalise
from services.decision.campaigns.near_texts import NOWHERE, NearTexts

POINTS = "【示例商城】尊敬的客户，您的积分{}分将于今日过期，请尽快回复本短信兑换现金礼品"
LOAN = "无抵押贷款，凭身份证最快当天到账，额度{}元，利息低，需要请加客服微信详谈办理"


def sketch(text: str) -> Values:
    values: Values = fingerprint.sketches([normalise(text)]).values[0]
    return values


def test_a_near_duplicate_is_found_and_another_text_is_not() -> None:
    near = NearTexts(4)
    near.put(2, sketch(POINTS.format(8200)))

    assert near.find(sketch(POINTS.format(96))) == 2
    assert near.find(sketch(LOAN.format(5000))) == NOWHERE
    assert near.written(2) == fingerprint.fingerprint(POINTS.format(8200))


def test_a_replaced_text_is_not_found() -> None:
    near = NearTexts(1)
    near.put(0, sketch(POINTS.format(8200)))

    near.put(0, sketch(LOAN.format(5000)))

    assert near.find(sketch(POINTS.format(8200))) == NOWHERE
    assert near.find(sketch(LOAN.format(1))) == 0


@given(st.lists(st.text("ab甲乙丙丁", min_size=20, max_size=40), min_size=1, max_size=8))
def test_each_text_finds_itself_or_a_near_duplicate(texts: list[str]) -> None:
    near, values = NearTexts(len(texts)), [sketch(text) for text in texts]
    for place, one in enumerate(values):
        near.put(place, one)

    for one in values:
        found = near.find(one)
        if found != NOWHERE:
            assert fingerprint.equal_values(values[found][None], one[None])[0] >= NEAR
