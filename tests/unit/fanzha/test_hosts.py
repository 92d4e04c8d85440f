import pytest
from tldextract import TLDExtract

from fanzha.hosts import canonical_host, host_suffixes, is_public_suffix, registrable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evil.Example.", "evil.example"),
        (" evil.example\n", "evil.example"),
        ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::0001", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("evil.example/a", ""),
        ("evil.example:80", ""),
        ("someone@evil.example", ""),
        ("http://evil.example", ""),
        ("", ""),
        (".", ""),
    ],
)
def test_a_host_has_one_spelling(text: str, expected: str) -> None:
    assert canonical_host(text) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.b.example.com", "example.com"),
        ("example.com", "example.com"),
        ("a.example.com.cn", "example.com.cn"),
        ("a.b.github.io", "b.github.io"),
        ("a.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),
        ("a.xn--fsqu00a.xn--fiqs8s", "xn--fsqu00a.xn--fiqs8s"),
        ("a.b.unheardof", "b.unheardof"),
        ("com.cn", ""),
        ("github.io", ""),
        ("com", ""),
        ("localhost", ""),
        ("192.0.2.1", ""),
        ("[2001:db8::1]", ""),
        ("", ""),
    ],
)
def test_the_registrable_domain_is_one_label_more_than_a_public_suffix(
    host: str, expected: str
) -> None:
    assert registrable(host) == expected


@pytest.mark.parametrize("host", ["com", "com.cn", "github.io", "x.kawasaki.jp", "test"])
def test_a_name_open_for_registration_is_a_public_suffix(host: str) -> None:
    assert is_public_suffix(host)


@pytest.mark.parametrize("host", ["a.com", "a.github.io", "city.kawasaki.jp", "192.0.2.1", ""])
def test_a_registered_name_is_no_public_suffix(host: str) -> None:
    assert not is_public_suffix(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.com", ["example.com"]),
        ("a.example.com", ["a.example.com", "example.com"]),
        (
            "a.b.c.d.e.f.example.com",
            [
                "a.b.c.d.e.f.example.com",
                "d.e.f.example.com",
                "e.f.example.com",
                "f.example.com",
                "example.com",
            ],
        ),
        ("a.example.com.cn", ["a.example.com.cn", "example.com.cn"]),
        ("com.cn", ["com.cn"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("[2001:db8::1]", ["[2001:db8::1]"]),
        ("localhost", ["localhost"]),
    ],
)
def test_hosts_are_looked_up_from_themselves_to_the_registrable_domain(
    host: str, expected: list[str]
) -> None:
    assert list(host_suffixes(host)) == expected


def test_the_suffixes_are_those_of_tldextract() -> None:
    extract = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)

    for rule in extract.tlds:
        name = canonical_host(rule.removeprefix("*.").removeprefix("!"))
        below = f"label.{name}"
        if rule.startswith("!"):
            assert not is_public_suffix(name), rule
        elif rule.startswith("*."):
            assert is_public_suffix(below) or f"!{below}" in extract.tlds, rule
        else:
            assert is_public_suffix(name), rule
