"""No list content, however hostile, gets past the guard."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocklists import protected
from blocklists.entries import EntryKind
from blocklists.entry_table import EXACT, Identities, text_key
from fanzha.decisions import Action
from fanzha.phone import HomePlan, sender_hash
from fanzha.service_codes import after_bare_plus

PLAN = HomePlan()
ABROAD = HomePlan("49")
NUMBERS = [
    "110", "112", "119", "120", "122", "10000", "10010", "10086", "10099", "12110", "12321",
    "12345", "12377", "12381", "12395", "95588", "95213", "952123", "959999", "96110", "961234",
]  # fmt: skip
ORDINARY = "+8617000000001"


def why(pattern: str, action: Action = Action.BLOCK, plan: HomePlan = PLAN) -> str:
    found = plan.range_key(pattern)
    if found is not None:
        return protected.refusal(EntryKind.RANGE, pattern, *found, action)
    key = plan.sender_key(pattern)
    return protected.refusal(EntryKind.NUMBER, pattern, key, EXACT, action)


def why_name(pattern: str, action: Action = Action.BLOCK) -> str:
    kind = EntryKind.URL_PREFIX if "/" in pattern else EntryKind.HOST
    return protected.refusal(kind, pattern, text_key(pattern), EXACT, action)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("front", ["", "0", "0571", "+", "86", "+86", "0086", "+8610", "+860571"])
def test_a_service_number_is_refused_whatever_stands_in_front(front: str, number: str) -> None:
    assert "protected number" in why(front + number)


def test_with_another_home_country_the_country_code_does_not_bypass_the_guard() -> None:
    assert "protected number" in why("86110", plan=ABROAD)


@pytest.mark.parametrize(
    "pattern",
    ["1101", "111", "113", "100", "10655123456", "1069012345", "9558", "9558812", "97110",
     "+8617012345678", "+1101", "+12120005550", "+861012345678", "Bank"],
)  # fmt: skip
def test_other_numbers_are_accepted(pattern: str) -> None:
    assert why(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    ["+86*", "+861*", "+8613*", "+12*", "+120*", "+44*", "+4479*", "+852*",
     "+85212*", "+749*", "11*", "10*", "106*", "95*", "955*"],
)  # fmt: skip
@pytest.mark.parametrize("action", Action)
def test_a_range_that_is_too_broad_is_refused_for_either_action(
    pattern: str, action: Action
) -> None:
    assert "too broad" in why(pattern, action)


def test_a_range_of_one_digit_is_too_broad() -> None:
    # The numbering plan reads no such range; the guard does not rely on that.
    heads = np.array([1, 7, 8, -1, -9], np.int64)

    assert protected.refused_numbers(heads, np.ones(5, np.uint8)).all()


@pytest.mark.parametrize("pattern", ["+86170*", "+1202*", "+44791*", "+852123*", "+7495*", "1069*"])
def test_a_range_just_narrow_enough_is_accepted(pattern: str) -> None:
    assert why(pattern) == why(pattern, Action.ALLOW) == ""


@pytest.mark.parametrize(
    "pattern", ["9558*", "95588*", "955881*", "1008*", "12345*", "96110*", "+86110*", "+869558*",
     "86110*", "861012*", "0571961*", "057111*", "+86571961*", "+8657196110*", "+861095*",
     "+8605711*", "10110*", "+1008*"],
)  # fmt: skip
def test_a_range_that_covers_a_service_number_is_refused_to_blocks_only(pattern: str) -> None:
    assert "covers a protected number" in why(pattern)
    assert why(pattern, Action.ALLOW) == ""


@pytest.mark.parametrize("pattern", ["+1212*", "+1200123*", "+12345*", "+1100*", "9558812*"])
def test_a_range_of_other_numbers_with_the_same_digits_is_accepted(pattern: str) -> None:
    assert why(pattern) == ""


@pytest.mark.parametrize(
    "name",
    ["gov.cn", "www.gov.cn", "tax.beijing.gov.cn", "www.gov.cn/pay/", "com", "com.cn", "co.uk",
     "github.io", "localhost", "printer.local", "127.0.0.1", "[::]", "[::1]", "169.254.1.1"],
)  # fmt: skip
def test_a_protected_or_public_name_is_refused_to_blocks_only(name: str) -> None:
    assert why_name(name)
    assert why_name(name, Action.ALLOW) == ""


@pytest.mark.parametrize(
    "name",
    ["bank.example", "notgov.cn", "gov.cn.example", "x.github.io", "192.0.2.1", "a.test",
     "shop.example/gov.cn/"],
)  # fmt: skip
def test_other_names_are_accepted(name: str) -> None:
    assert why_name(name) == ""


numbers = st.from_regex(r"\+?[1-9][0-9]{2,14}", fullmatch=True)
heads = st.from_regex(r"\+?[1-9][0-9]{1,13}", fullmatch=True)


@given(st.sampled_from(NUMBERS), st.sampled_from(["", "+86"]), st.data())
def test_no_accepted_range_covers_a_protected_number(
    number: str, front: str, data: st.DataObject
) -> None:
    whole = front + number
    end = data.draw(st.integers(2 + len(whole) - len(whole.lstrip("+")), len(whole)))

    assert why(whole[:end] + "*")


@example("+95000", "")
@given(heads, st.text("0123456789", max_size=5))
def test_an_accepted_range_blocks_no_protected_number(head: str, rest: str) -> None:
    key = PLAN.number_key(head + rest)
    is_protected = bool(protected.protected_numbers(np.array([key]))[0])
    # Foreign ranges are accepted: calls to a code after a bare plus are connected all the same.
    bare_plus = key > 0 and bool(after_bare_plus(np.array([key]))[0])

    if is_protected and number_starts_with(key, head) and not bare_plus:
        assert why(head + "*")


def number_starts_with(key: int, head: str) -> bool:
    return (f"+{key}" if key > 0 else str(-key)).startswith(head)


@given(st.lists(st.tuples(heads, st.booleans()), max_size=20))
def test_the_columns_agree_with_the_reasons(patterns: list[tuple[str, bool]]) -> None:
    read = [
        PLAN.range_key(head + "*") if is_range else (PLAN.number_key(head), EXACT)
        for head, is_range in patterns
    ]
    known = [found for found in read if found is not None]
    keys = np.array([key for key, _ in known], np.int64)
    digits = np.array([size for _, size in known], np.uint8)

    refused = protected.refused_numbers(keys, digits).tolist()

    assert refused == [
        protected.refusal(
            EntryKind.NUMBER if size == EXACT else EntryKind.RANGE, "x", key, size, Action.BLOCK
        )
        != ""
        for key, size in known
    ]


@pytest.mark.parametrize("name", ["①①⓪", "tel:①①⓪", "【➀②3➃⑤】", "一一〇"])
@pytest.mark.parametrize("action", Action)
def test_a_name_that_reads_like_a_protected_number_is_refused(name: str, action: Action) -> None:
    key = sender_hash(name)

    assert "reads like" in protected.refusal(EntryKind.SENDER, name, key, EXACT, action)


def test_the_columns_find_names_that_read_like_protected_numbers() -> None:
    names = ["tel:110", "Bank", "①①⓪", "tel:+8617000000001", "96110"]
    entries = Identities.of([(EntryKind.SENDER, name, Action.BLOCK) for name in names])

    assert sorted(protected.suspects(entries).tolist()) == [0, 2, 4]


def test_every_written_form_can_be_listed() -> None:
    written = list(protected.written_forms("96110"))

    assert {"96110", "+8657196110", "01096110", "+96110"} <= set(written)
    assert protected.protected_numbers(PLAN.number_keys(written)).all()


def test_government_sites_are_protected_wherever_they_are_in_a_batch() -> None:
    urls = [
        "http://www.gov.cn/",
        "https://gov.cn/a?b",
        "http://tax.gov.cn/x",
        "http://gov.cn.example/",
        "http://example.test/gov.cn/",
        "http://notgov.cn/",
        "http://evil.example/?u=http://www.gov.cn/",
        "",
    ]

    assert protected.links(urls).tolist() == [True] * 3 + [False] * 5
