import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists import protected_names
from blocklists.entries import EntryKind
from fanzha.hosts import is_public_suffix, possible_suffixes

LABELS = st.sampled_from(
    ["gov", "cn", "com", "ck", "www", "kawasaki", "jp", "city", "github", "io", "local", "arpa",
     "localhost", "invalid", "a1", "x", "127", "0", "1", "example", "xn--p1ai", "notgov"]
)  # fmt: skip
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=5).map(".".join),
    st.sampled_from(["127.0.0.1", "192.0.2.1", "169.254.1.1", "0.0.0.0", "[::1]", "[2001:db8::1]"]),
)


@given(st.lists(HOSTS, max_size=10))
def test_the_fast_path_accepts_no_refused_name(hosts: list[str]) -> None:
    suspects = protected_names.suspects([host.encode() for host in hosts])

    refused = [at for at, host in enumerate(hosts) if protected_names.refusal(EntryKind.HOST, host)]
    assert set(refused) <= set(suspects)
    assert suspects == sorted(set(suspects))


@given(st.lists(HOSTS, max_size=10))
def test_every_public_suffix_is_a_possible_one(hosts: list[str]) -> None:
    possible = possible_suffixes([host.encode() for host in hosts])

    assert {at for at, host in enumerate(hosts) if is_public_suffix(host)} <= set(possible)


def test_the_fast_path_accepts_ordinary_names() -> None:
    hosts = [b"bank.example", b"www.bank.com.cn", b"pay.github.io", b"a.b.city.kawasaki.jp"]

    assert protected_names.suspects(hosts) == []


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("www.gov.cn", "government"), ("printer.local", "network"), ("127.0.0.1", "machine"),
        ("com.cn", "public suffix"), ("a1", "public suffix"), ("foo.ck", "public suffix"),
        ("notgov.cn", ""), ("a1.example", ""), ("192.0.2.1", ""), ("www.ck", ""), ("x.a1", ""),
    ],
)  # fmt: skip
def test_a_name_is_refused_with_the_reason(host: str, why: str) -> None:
    refusal = protected_names.refusal(EntryKind.HOST, host)

    assert why in refusal if why else not refusal


def test_a_path_on_a_public_suffix_may_be_blocked() -> None:
    assert not protected_names.refusal(EntryKind.URL_PREFIX, "github.io/pay")
    assert "government" in protected_names.refusal(EntryKind.URL_PREFIX, "x.gov.cn/pay")
