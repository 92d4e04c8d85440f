"""Amounts that people speak of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.warning.stop_payment.amounts import MOST_AMOUNTS, amounts_fen


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("我已经转了5000", [5000]),
        ("转了２万3千", [23_000]),
        ("转了3万5，十点转的", [35_000]),
        ("转了3万5次", [30_000]),
        ("刚付了1,200.5元", [1200.5]),
        ("转了两万块", [20_000]),
        ("打过去三万五", [35_000]),
        ("给了他两千零五十元", [2050]),
        ("先转了800，后来又转了5w", [800, 50_000]),
        ("I sent 2,000 yuan", [2000]),
        ("lost about 500", [500]),
        ("paid 3k", [3000]),
        ("千万不要再发", []),
        ("一百个不愿意", []),
        ("转了3次", []),
        ("给了一个链接", []),
        ("验证码123456给他了", []),
        ("gave him 123456 code", []),
        ("转到 6222020000000000000", []),
        ("我的电话17000000123", []),
        ("paid $500", []),
        ("", []),
    ],
)
def test_amounts_with_a_unit_or_behind_a_word_of_paying(text: str, yuan: list[float]) -> None:
    assert [fen / 100 for fen in amounts_fen(text)] == yuan


@given(st.text(alphabet="0123456789.,万千百十两元块转了paid yuan¥一零", max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = amounts_fen(text)

    assert len(found) <= MOST_AMOUNTS
    assert all(fen > 0 for fen in found)


@given(st.integers(1, 99_999_999))
def test_each_sum_is_read_back(yuan: int) -> None:
    assert amounts_fen(f"我转了{yuan:,}元") == (yuan * 100,)
