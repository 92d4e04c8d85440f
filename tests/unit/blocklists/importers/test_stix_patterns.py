"""STIX patterns: what a list can say is said, the rest is refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from blocklists.importers import stix_patterns
from blocklists.importers.stix_patterns import PatternSubject
from fanzha.errors import InvalidInput


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[domain-name:value = 'a.example']", [PatternSubject(EntryKind.HOST, "a.example")]),
        (
            "[url:value = 'http://a.example/p']",
            [PatternSubject(EntryKind.URL_PREFIX, "http://a.example/p")],
        ),
        ("[ipv4-addr:value = '192.0.2.1']", [PatternSubject(EntryKind.HOST, "192.0.2.1")]),
        ("[ipv4-addr:value = '192.0.2.1/32']", [PatternSubject(EntryKind.HOST, "192.0.2.1")]),
        ("[ipv6-addr:value = '2001:db8::1']", [PatternSubject(EntryKind.HOST, "[2001:db8::1]")]),
        (
            "[phone-number:value = '+8617000000001']",
            [PatternSubject(EntryKind.NUMBER, "+8617000000001")],
        ),
        (
            "[x-phone-number:value = '+8617000000001']",
            [PatternSubject(EntryKind.NUMBER, "+8617000000001")],
        ),
        ("[phone-number:value LIKE '+86170%']", [PatternSubject(EntryKind.RANGE, "+86170*")]),
        (
            "[domain-name:value = 'a.example' OR domain-name:value = 'b.example']",
            [
                PatternSubject(EntryKind.HOST, "a.example"),
                PatternSubject(EntryKind.HOST, "b.example"),
            ],
        ),
        (
            "[domain-name:value = 'a.example'] OR ([url:value = 'http://b.example/x'])",
            [
                PatternSubject(EntryKind.HOST, "a.example"),
                PatternSubject(EntryKind.URL_PREFIX, "http://b.example/x"),
            ],
        ),
        (
            "[domain-name:value IN ('a.example', 'b.example')]",
            [
                PatternSubject(EntryKind.HOST, "a.example"),
                PatternSubject(EntryKind.HOST, "b.example"),
            ],
        ),
        (
            "[network-traffic:dst_ref.type = 'ipv4-addr' "
            "AND network-traffic:dst_ref.value = '192.0.2.1']",
            [PatternSubject(EntryKind.HOST, "192.0.2.1")],
        ),
        (
            r"[url:value = 'http://a.example/\'x']",
            [PatternSubject(EntryKind.URL_PREFIX, "http://a.example/'x")],
        ),
        (
            "[url:value = 'http://a.example/NOT']",
            [PatternSubject(EntryKind.URL_PREFIX, "http://a.example/NOT")],
        ),
    ],
)
def test_a_pattern_is_read_as_its_subject(pattern: str, expected: list[PatternSubject]) -> None:
    assert stix_patterns.read(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[domain-name:value = 'a.example' AND domain-name:x = 'b']", "AND of comparisons"),
        ("[domain-name:value = 'a.example'] AND [url:value = 'http://b.example/']", "AND"),
        ("[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'x']", "FOLLOWEDBY"),
        ("[domain-name:value = 'a.example'] WITHIN 5 SECONDS", "condition on time"),
        ("[domain-name:value = 'a.example'] REPEATS 5 TIMES", "condition on time or number"),
        ("[domain-name:value != 'a.example']", "!="),
        ("[domain-name:value NOT IN ('a.example')]", "NOT"),
        ("[domain-name:value NOT LIKE 'a%']", "NOT"),
        ("[domain-name:value LIKE '%.example']", "LIKE"),
        ("[domain-name:value MATCHES 'a.*']", "MATCHES"),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "ISSUBSET"),
        ("[ipv4-addr:value = '192.0.2.0/24']", "range of addresses"),
        ("[network-traffic:dst_port > 80]", ">"),
        ("[network-traffic:dst_port = 80]", "no text"),
        ("[file:hashes.MD5 = '00112233445566778899aabbccddeeff']", "no entry is about"),
        ("[email-addr:value = 'a@b.example']", "no entry is about"),
        ("[domain-name:value = 'a.example'", "not a STIX pattern"),
        ("", "not a STIX pattern"),
        ("[" + "(" * 21_000, "longer than"),
    ],
)
def test_a_pattern_without_an_equivalent_entry_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        stix_patterns.read(pattern)

    assert why in str(raised.value)


values = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(st.sampled_from(["domain-name", "url", "phone-number"]), values)
def test_a_plain_comparison_is_read_as_the_grammar_reads_it(kind: str, value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    plain = f"[{kind}:value = '{escaped}']"

    quick = stix_patterns.read(plain)

    assert stix_patterns.read(f"({plain})") == quick
    assert quick[0].text == value


@given(st.text("[]()'=:%\\ ANDORINtulvaem1.-", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        named = stix_patterns.read(f"[domain-name:value = 'a'{text}")
    except InvalidInput:
        return
    assert named
