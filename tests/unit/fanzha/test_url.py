import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha import url
from fanzha.url import canonical, canonicals, expressions, path_prefixes, split
from tests.support.effort import examples

# The vectors Safe Browsing publishes, some of them shorter. Raw bytes, which a text cannot hold,
# stand escaped.
PUBLISHED = {
    "http://host/%25%32%35": "http://host/%25",
    "http://host/%25%32%35%25%32%35": "http://host/%25%25",
    "http://host/%2525252525252525": "http://host/%25",
    "http://host/asdf%25%32%35asd": "http://host/asdf%25asd",
    "http://host/%%%25%32%35asd%%": "http://host/%25%25%25asd%25%25",
    "http://www.google.com/": "http://www.google.com/",
    "http://%31%36%38%2e%31%38%38%2e%39%39%2e%32%36/%2E%73%65%63%75%72%65/": (
        "http://168.188.99.26/.secure/"
    ),
    "http://host%23.com/%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22": (
        "http://host%23.com/~a!b@c%23d$e%25f^00&11*22"
    ),
    "http://3279880203/blah": "http://195.127.0.11/blah",
    "http://www.google.com/blah/..": "http://www.google.com/",
    "www.google.com/": "http://www.google.com/",
    "www.google.com": "http://www.google.com/",
    "http://www.evil.com/blah#frag": "http://www.evil.com/blah",
    "http://www.GOOgle.com/": "http://www.google.com/",
    "http://www.google.com.../": "http://www.google.com/",
    "http://www.google.com/foo\tbar\rbaz\n2": "http://www.google.com/foobarbaz2",
    "http://www.google.com/q?": "http://www.google.com/q?",
    "http://www.google.com/q?r?": "http://www.google.com/q?r?",
    "http://www.google.com/q?r?s": "http://www.google.com/q?r?s",
    "http://evil.com/foo#bar#baz": "http://evil.com/foo",
    "http://evil.com/foo;": "http://evil.com/foo;",
    "http://evil.com/foo?bar;": "http://evil.com/foo?bar;",
    "http://%01%80.com/": "http://%01%80.com/",
    "http://notrailingslash.com": "http://notrailingslash.com/",
    "http://www.gotaport.com:1234/": "http://www.gotaport.com/",
    "  http://www.google.com/  ": "http://www.google.com/",
    "http:// leadingspace.com/": "http://%20leadingspace.com/",
    "http://%20leadingspace.com/": "http://%20leadingspace.com/",
    "%20leadingspace.com/": "http://%20leadingspace.com/",
    "https://www.securesite.com/": "https://www.securesite.com/",
    "http://host.com/ab%23cd": "http://host.com/ab%23cd",
    "http://host.com//twoslashes?more//slashes": "http://host.com/twoslashes?more//slashes",
}

OURS = {
    # users, ports, schemes
    "http://user:word@shop.example:8080/a": "http://shop.example/a",
    "http://bank.example@evil.example/": "http://evil.example/",
    "http://a@b@evil.example": "http://evil.example/",
    "http://evil.example%2F@bank.example/": "http://bank.example/",
    "evil.example:8080/a": "http://evil.example/a",
    "evil.example:8080": "http://evil.example/",
    "http://evil.example:/a": "http://evil.example/a",
    "//evil.example/a": "http://evil.example/a",
    "HTTPS://Evil.Example/A": "https://evil.example/A",
    "http:evil.example/a": "http://evil.example/a",
    "http:\\\\evil.example\\a": "http://evil.example/a",
    "https:///evil.example/a": "https://evil.example/a",
    "http://evil.example\\@bank.example/": "http://evil.example/@bank.example/",
    "ftp://evil.example/a": "ftp://evil.example/a",
    "evil.example/?to=https://bank.example/": "http://evil.example/?to=https://bank.example/",
    "http%3A%2F%2Fevil.example%2Fa%3Fb": "http://evil.example/a?b",
    "HTTPS%253a%252F%252FEvil.example": "https://evil.example/",
    "http%3Aevil.example/%23": "http://evil.example/%23",
    "http%3A%2F%2Fevil.example%23x": "http://evil.example/",
    "http%3a%2f%2fevil.example%20": "http://evil.example/",
    "https%3A%2F%2Fe%09vil.example%2F": "https://evil.example/",
    # addresses
    "http://0xC0000201/": "http://192.0.2.1/",
    "http://0300.0.02.1/": "http://192.0.2.1/",
    "http://0xc0.0.2.0x1/": "http://192.0.2.1/",
    "http://192.0.513/": "http://192.0.2.1/",
    "http://192.513/": "http://192.0.2.1/",
    "http://192.0.2.1./": "http://192.0.2.1/",
    "http://１９２。０。２。１/": "http://192.0.2.1/",
    "http://[2001:0db8:0000::0001]:80/a": "http://[2001:db8::1]/a",
    "http://[2001:DB8:0:0:1:0:0:1]/": "http://[2001:db8::1:0:0:1]/",
    "http://[::ffff:192.0.2.1]/": "http://192.0.2.1/",
    "http://[::FFFF:C000:0201]/": "http://192.0.2.1/",
    "http://[64:ff9b::192.0.2.1]/": "http://192.0.2.1/",
    # names
    "http://..evil...example../": "http://evil.example/",
    "http://ｅｖｉｌ．ｅｘａｍｐｌｅ/": "http://evil.example/",
    "http://evil。example/": "http://evil.example/",
    "http://ev\u00adil.exam\u200bple/": "http://evil.example/",
    "http://Bücher.example/": "http://xn--bcher-kva.example/",
    "http://b%C3%BCcher.example/": "http://xn--bcher-kva.example/",
    "http://例子.中国/a": "http://xn--fsqu00a.xn--fiqs8s/a",
    "http://💩.example/": "http://xn--ls8h.example/",
    "http://under_score.example/": "http://under_score.example/",
    "http://evil.example": "http://evil.example/",
    # paths
    "http://a.example/./b/../c/./d": "http://a.example/c/d",
    "http://a.example/../../b": "http://a.example/b",
    "http://a.example/b/.": "http://a.example/b/",
    "http://a.example/b/%2e%2e/c": "http://a.example/c",
    "http://a.example?b=/../c": "http://a.example/?b=/../c",
    "http://a.example/%e9%a2%86": "http://a.example/%E9%A2%86",
    "http://a.example/领": "http://a.example/%E9%A2%86",
    "http://a.example/a b\x7f": "http://a.example/a%20b%7F",
    "http://a.example/%3%35%2%35": "http://a.example/5%25",
}

UNREADABLE = [
    "",
    " ",
    "/",
    "/path",
    "#top",
    "http://",
    "http:///",
    "http://.../",
    "http://user@/",
    "http://evil.example:99999/",
    "http://evil.example:8o/",
    "http://evil.example%2Fa/",
    "http://evil／example/",
    "http://a<b.example/",
    "http://256.0.0.1/",
    "http://1.2.3.4.5/",
    "http://192.0.2.09/",
    "http://4294967296/",
    "http://" + "9" * 5000,
    "http://[2001:db8::1/",
    "http://[2001:db8:::1]/",
    "http://[fe80::1%25eth0]/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "领" * 64 + ".example/",
    "http://" + "a." * 130 + "example/",
    "mailto:someone@shop.example",
    "tel:+15550100",
    "javascript:alert(1)",
    "data:text/html,hello",
    "weixin://pay/1",
]


@pytest.mark.parametrize(("given_url", "expected"), [*PUBLISHED.items(), *OURS.items()])
def test_a_url_has_one_spelling(given_url: str, expected: str) -> None:
    assert canonical(given_url) == expected


@pytest.mark.parametrize("given_url", UNREADABLE)
def test_an_invalid_url_is_empty(given_url: str) -> None:
    assert canonical(given_url) == ""


# Pieces that meet in hostile URLs far more often than in random text.
pieces = st.sampled_from(
    [
        *"/\\?#@:%.[]&= \t\n\x00\x7f",
        *[
            "http",
            "https:",
            "://",
            "//",
            "..",
            "/../",
            "/./",
            "%25",
            "%2",
            "35",
            "%2f",
            "%2E",
            "%3F",
        ],
        *["evil", ".example", "www.", "com", "xn--", "192.0.2.1", "0x", "256", "1", "[::1]"],
        *[
            "é",
            "ß",
            "İ",
            "领取",
            "。",
            "．",
            "％",
            "／",
            "\u200b",
            "\u00ad",
            "\ud800",
            "\udc80",
            "💰",
        ],
    ]
)
nearly_canonical = st.sampled_from(
    [
        *[
            "/",
            ".",
            "..",
            "//",
            "?",
            "%",
            "%25",
            "%2525",
            "%20",
            "%2E",
            "%E9",
            "%e9",
            "41",
            "A",
            "a",
        ],
        *["-", "_", "~", "\\", "#", ":", "@", "evil", ".example", "192.0.2.1", "256", "0x1", "1"],
    ]
)
hostile = st.one_of(
    st.lists(nearly_canonical, max_size=10).map(lambda parts: "http://" + "".join(parts)),
    st.lists(nearly_canonical, max_size=10).map(lambda parts: "http://a.example/" + "".join(parts)),
    st.lists(pieces, max_size=14).map("".join),
    st.lists(pieces, max_size=12).map(lambda parts: "http://" + "".join(parts)),
    st.text(max_size=40).map("http://evil.example/".__add__),
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "L", "S"]), max_size=12).map("http://{}/".format),
)


@given(hostile)
def test_canonicalisation_is_idempotent(text: str) -> None:
    once = canonical(text)

    assert canonical(once) == once
    assert once.isascii()


@settings(max_examples=examples(200))
@given(hostile)
def test_the_kernel_agrees_with_the_full_parser(text: str) -> None:
    once = url.rewritten(text)

    assert url.rewritten(once) == once
    assert canonical(text) == once


@given(st.lists(hostile, max_size=5))
def test_a_batch_is_read_as_each_of_its_urls(texts: list[str]) -> None:
    assert canonicals(texts) == [canonical(text) for text in texts]


@given(hostile)
def test_expressions_are_few_and_start_with_the_url_itself(text: str) -> None:
    once = canonical(text)

    found = expressions(once)

    assert len(found) == len(set(found)) <= url.MOST_EXPRESSIONS
    assert found[:1] == ([once.partition("://")[2]] if once else [])


@given(hostile)
def test_every_expression_ends_at_the_registrable_domain(text: str) -> None:
    host, _ = split(canonical(text))

    assert all(
        suffix == host or suffix.endswith(url.registrable(host))
        for suffix in url.host_suffixes(host)
    )


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/" + "%25" * 2700,
        "http://a.example/%" + "25" * 4000,
        "http://a.example/" + "%3" * 4000 + "%35",
        "http://a.example/" + "../" * 2700,
        "http://a.example/" + "/" * 8000,
        "http://" + "a." * 4000,
        "http://" + "@" * 8000,
        "http://" + "[" * 8000,
        "http://" + "é" * 990 + ".example/",
        ":" * 8000,
        "%" * 8000,
    ],
)
def test_long_hostile_urls_are_read(text: str) -> None:
    once = canonical(text)

    assert canonical(once) == once


def test_a_canonical_url_divides_into_host_and_path() -> None:
    assert split("http://shop.example/a/b?c=/d") == ("shop.example", "/a/b?c=/d")
    assert split("http://[2001:db8::1]/") == ("[2001:db8::1]", "/")
    assert split("") == ("", "")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ["/"]),
        ("/?a=1", ["/?a=1", "/"]),
        ("/1/", ["/1/", "/"]),
        ("/1/2.html", ["/1/2.html", "/1/", "/"]),
        ("/1/2.html?a=/b/", ["/1/2.html?a=/b/", "/1/2.html", "/1/", "/"]),
        ("/1/2/3/4/5?", ["/1/2/3/4/5?", "/1/2/3/4/5", "/1/2/3/", "/1/2/", "/1/", "/"]),
        ("/1/2/3/4/", ["/1/2/3/4/", "/1/2/3/", "/1/2/", "/1/", "/"]),
    ],
)
def test_paths_are_looked_up_from_the_most_specific_to_the_root(
    path: str, expected: list[str]
) -> None:
    assert list(path_prefixes(path)) == expected


def test_expressions_are_those_of_the_specification() -> None:
    assert expressions("http://a.b.example/1/2.html?param=1") == [
        "a.b.example/1/2.html?param=1",
        "a.b.example/1/2.html",
        "a.b.example/1/",
        "a.b.example/",
        "b.example/1/2.html?param=1",
        "b.example/1/2.html",
        "b.example/1/",
        "b.example/",
    ]
    assert expressions("http://192.0.2.1/1/") == ["192.0.2.1/1/", "192.0.2.1/"]
    assert len(expressions("http://a.b.c.d.e.f.example.com/1/2/3/4/5?6")) == url.MOST_EXPRESSIONS
