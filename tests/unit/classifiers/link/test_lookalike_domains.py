"""Whose name a host borrows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link.brand_names import own_domains
from classifiers.link.lookalike_domains import LookalikeKind, find_lookalike, folded, one_edit_apart
from fanzha.url import canonical_host

letters = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("host", "brand", "likeness"),
    [
        ("paypal.example", "paypal", LookalikeKind.NAMED),
        ("secure-paypal.example", "paypal", LookalikeKind.NAMED),
        ("office-365.example", "office365", LookalikeKind.NAMED),
        ("www.rakuten.co.jp.login.example", "rakuten", LookalikeKind.NAMED),
        ("myrakutenlogin.example", "rakuten", LookalikeKind.WITHIN),
        ("paypa1.example", "paypal", LookalikeKind.LETTERS),
        ("arnazon.example", "amazon", LookalikeKind.LETTERS),
        ("vvhatsapp.example", "whatsapp", LookalikeKind.LETTERS),
        ("twltch.example", "twitch", LookalikeKind.MISSPELT),
        ("gogle.example", "google", LookalikeKind.MISSPELT),
        ("facebok.example", "facebook", LookalikeKind.MISSPELT),
        ("netfilx.example", "netflix", LookalikeKind.MISSPELT),
    ],
)
def test_a_lookalike_domain_is_detected(host: str, brand: str, likeness: LookalikeKind) -> None:
    found = find_lookalike(host)

    assert found is not None
    assert (found.brand, found.likeness) == (brand, likeness)


@pytest.mark.parametrize("name", ["pаypal", "gооgle", "äpple", "раураl"])
def test_homoglyphs_of_other_scripts_are_detected(name: str) -> None:
    found = find_lookalike(canonical_host(f"{name}.example"))

    assert found is not None
    assert found.brand == folded(name)
    assert found.likeness is LookalikeKind.LETTERS


@pytest.mark.parametrize("host", ["", "com", "203.0.113.7", "[2001:db8::1]", "a", "xn--zz--.test"])
def test_a_host_without_a_name_is_no_lookalike(host: str) -> None:
    assert find_lookalike(host) is None


@pytest.mark.parametrize("host", ["pineapple.example", "bank.example", "citizen.example"])
def test_ordinary_words_are_no_brand(host: str) -> None:
    assert find_lookalike(host) is None


@pytest.mark.parametrize("brand", sorted(own_domains()))
def test_a_brand_domain_is_no_lookalike_of_itself(brand: str) -> None:
    for domain in own_domains()[brand]:
        for host in (domain, f"www.{domain}"):
            found = find_lookalike(host)

            assert found is None or found.brand != brand


@pytest.mark.parametrize("brand", sorted(own_domains()))
def test_names_and_domains_are_written_as_hosts_are(brand: str) -> None:
    assert brand == brand.casefold()
    assert brand.isalnum()
    assert all(domain == canonical_host(domain) for domain in own_domains()[brand])


def test_the_sentence_names_word_and_brand() -> None:
    assert str(find_lookalike("paypa1.example")) == (
        "'paypa1' is written with letters that look like paypal, which is not known to own the host"
    )


@given(one=letters, other=letters)
def test_one_edit_is_what_counting_edits_says(one: str, other: str) -> None:
    assert one_edit_apart(one, other) == (edits(one, other) == 1)


def edits(one: str, other: str) -> int:
    """Count edits by the textbook table, swaps of neighbours among them."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            changed = table[i - 1, j - 1] + (one[i - 1] != other[j - 1])
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, changed)
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]
