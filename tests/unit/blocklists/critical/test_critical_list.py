"""Critical names and numbers: the shipped list, an operator's own, and which hosts hit a name."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists import protected
from blocklists.critical.critical_list import (
    COLUMNS,
    CriticalItem,
    CriticalList,
    shipped,
    with_own,
)
from blocklists.entries import EntryKind
from blocklists.entry_table import EXACT
from fanzha.decisions import Action
from fanzha.phone import UNREADABLE

HEADER = ",".join(COLUMNS) + "\n"
HOST = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(
    lambda labels: ".".join([*labels, "example"])
)


def a_name(pattern: str, *, users_below: bool = False) -> CriticalItem:
    return CriticalItem(
        pattern=pattern, category="bank", owner="", source="", checked="", users_below=users_below
    )


def hit(names: CriticalList, host: str) -> list[str]:
    return [item.pattern for item in names.names_hit(host)]


def test_the_shipped_list_has_the_names_that_everybody_needs() -> None:
    names = shipped().items

    assert len(names) > 500
    for host in ("icbc.com.cn", "qq.com", "baidu.com", "10086.cn", "alipay.com", "apple.com"):
        assert host in names
    assert len({item.category for item in names.values()}) > 15
    assert len(shipped().numbers) >= 5


def test_each_shipped_row_names_owner_evidence_and_date() -> None:
    for item in shipped().items.values():
        assert item.owner, item
        assert item.source, item
        assert date.fromisoformat(item.checked) <= date(2026, 11, 27), item


def test_no_shipped_row_is_protected_or_covered_by_another() -> None:
    for item in shipped().items.values():
        kind = EntryKind.HOST if item.key == UNREADABLE else EntryKind.NUMBER
        assert not protected.refusal(kind, item.pattern, item.key, EXACT, Action.BLOCK), item
        if kind is EntryKind.HOST:
            assert hit(shipped(), f"x.{item.pattern}") in ([], [item.pattern]), item
            assert item.pattern in hit(shipped(), item.pattern)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("icbc.com.cn", ["icbc.com.cn"]),
        ("www.icbc.com.cn", ["icbc.com.cn"]),
        ("login.mybank.icbc.com.cn", ["icbc.com.cn"]),
        ("icbc-up.example", []),
        ("noticbc.com.cn", []),
        ("icbc.com.cn.prize.example", []),
        # Shops of a market place and buckets of a cloud belong to their users.
        ("taobao.com", ["taobao.com"]),
        ("www.taobao.com", ["taobao.com"]),
        ("shop123.taobao.com", []),
        ("bucket.s3.amazonaws.com", []),
        ("amazonaws.com", ["amazonaws.com"]),
        ("8.8.8.8", ["8.8.8.8"]),
        ("8.8.8.9", []),
    ],
)
def test_hosts_hit_the_name_they_belong_to(host: str, names: list[str]) -> None:
    assert hit(shipped(), host) == names


def test_a_host_above_names_hits_all_of_them() -> None:
    names = CriticalList.of([a_name("pay.bank.example"), a_name("mail.bank.example")])

    assert hit(names, "bank.example") == ["pay.bank.example", "mail.bank.example"]
    assert hit(names, "shop.bank.example") == []


@given(st.lists(HOST, min_size=1, max_size=5), HOST)
def test_hosts_hit_names_as_a_comparison_label_by_label_says(
    patterns: list[str], host: str
) -> None:
    names = CriticalList.of(map(a_name, patterns))
    above = {one for one in patterns if one.endswith(f".{host}")}
    over = {one for one in patterns if f".{host}".endswith(f".{one}")}
    nearest = {max(over, key=len)} if over else set()

    assert set(hit(names, host)) == above | nearest
    if above | nearest:
        assert names.suspects([host.encode()]) == [0]


def test_an_own_file_adds_overrides_and_removes() -> None:
    found = with_own(
        f"{HEADER}# ours\nbank.example,bank,Our bank,contract,2026-11-27,\n"
        "qq.com,chat,Tencent,contract,2026-11-27,users\nbaidu.com,remove,,,,\n"
        "+861055550123,bank,Our hotline,contract,2026-11-27,\n".encode()
    )

    assert found.items["bank.example"].own
    assert (found.items["qq.com"].category, found.items["qq.com"].users_below) == ("chat", True)
    assert "baidu.com" not in found.items
    assert found.items["+861055550123"].key == 861055550123
    assert not found.items["icbc.com.cn"].own


def test_an_own_file_may_start_from_nothing() -> None:
    found = with_own(f"{HEADER}*,remove,,,,\nbank.example,bank,Us,us,2026-11-27,\n".encode())

    assert set(found.items) == {"bank.example"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("host\n", "the first line must be pattern"),
        (f"{HEADER}no host,bank,a,b,2026-11-27,\n", "line 2: neither a host nor a number"),
        (f"{HEADER}bank.example,,a,b,2026-11-27,\n", "line 2: category is required"),
        (f"{HEADER}bank.example,bank,a,b,today,\n", "line 2: checked is a day"),
        (f"{HEADER}bank.example,bank\n", "line 2: 6 columns"),
        (f"{HEADER}bank.example,bank,a,b,2026-11-27,all\n", "below is empty or users"),
        (f"{HEADER}*,bank,a,b,2026-11-27,\n", "line 2: neither"),
    ],
)
def test_a_bad_own_file_is_refused_with_its_line(content: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        with_own(content.encode())


def test_an_own_file_is_bounded() -> None:
    rows = "".join(f"h{at}.example,bank,a,b,2026-11-27,\n" for at in np.arange(10_000).tolist())

    with pytest.raises(ValueError, match="at most 10,000 rows"):
        with_own((HEADER + rows).encode())
