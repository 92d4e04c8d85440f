"""Telephone numbers inside texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.callback_numbers import callback_keys
from fanzha.phone import HomePlan

PLAN = HomePlan()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("请拨打17000000001联系客服", [8617000000001]),
        ("请拨打+86 170 0000 0001联系客服", [8617000000001]),
        ("tel 170-0000-0001.", [8617000000001]),
        ("电话１７０００００００１１", [8617000000011]),
        ("call (010) 6000 0001 now", [861060000001]),
        ("热线400-000-0001", [864000000001]),
        ("0571-60000001或17000000001", [8657160000001, 8617000000001]),
        ("17000000001 17000000001", [8617000000001]),
        ("+1 202 555 0123", [12025550123]),
        ("＋86 17000000001", [8617000000001]),
        ("00861 7000000001", [8617000000001]),
    ],
)
def test_numbers_are_found_as_they_are_written(text: str, keys: list[int]) -> None:
    assert callback_keys(text, PLAN) == keys


@pytest.mark.parametrize(
    "text",
    [
        "",
        "您好",
        "验证码 123456，5分钟内有效",
        "请致电95588或110",
        "卡号 6222000000000000000",
        "订单号20261127170000000012",
        "http://a.example/17000000001",
        "a.example?tel=17000000001",
        "price 1234567.89",
        "id17000000001",
    ],
)
def test_numbers_that_cannot_be_called_back_are_omitted(text: str) -> None:
    assert callback_keys(text, PLAN) == []


def test_a_number_behind_many_others_is_found() -> None:
    numbers = [f"1700000{row:04}" for row in range(600)]

    found = callback_keys("9999999, " * 100 + " , ".join(numbers), PLAN)

    assert found == [int(f"86{number}") for number in numbers]


@given(st.text(st.sampled_from([*"0123456789０９+＋ ()-./=&%a好"]), max_size=80))
def test_every_number_found_can_be_dialled(text: str) -> None:
    keys = callback_keys(text, PLAN)

    assert len(keys) == len(set(keys))
    assert all(0 < key < 10**15 for key in keys)
