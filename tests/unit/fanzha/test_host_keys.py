"""Keys of the names of links."""

import pytest
from xxhash import xxh3_64_intdigest

from fanzha import host_keys


def key(name: str) -> int:
    digest = xxh3_64_intdigest(name.encode())
    return digest - 2**64 if digest >= 2**63 else digest


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("http://a.b.c.d.e.f.com.cn/x", ["a.b.c.d.e.f.com.cn", "c.d.e.f.com.cn", "d.e.f.com.cn",
                                         "e.f.com.cn", "f.com.cn"]),
        ("https://www.a.example/", ["www.a.example", "a.example"]),
        ("http://evil.github.io/", ["evil.github.io"]),
        ("http://github.io/", ["github.io"]),
        ("http://www.city.kawasaki.jp/", ["www.city.kawasaki.jp", "city.kawasaki.jp"]),
        ("http://a.b.unknown/", ["a.b.unknown", "b.unknown"]),
        ("http://10.0.0.1/", ["10.0.0.1"]),
        ("http://[::1]/", ["[::1]"]),
        ("http://localhost/", ["localhost"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_link_is_known_by_its_host_and_those_above(url: str, names: list[str]) -> None:
    assert host_keys.of_links([url]).keys.tolist() == [key(name) for name in names]


def test_keys_end_where_those_of_the_next_link_begin() -> None:
    found = host_keys.of_links(["http://www.a.example/", "", "http://b.example/"])

    assert found.ends.tolist() == [2, 2, 3]


def test_names_of_any_length_have_the_key_that_lists_give_them() -> None:
    names = "ab-x9q" * 42
    urls = [f"http://{names[:length]}/" for length in range(1, 252)]

    found = host_keys.of_links(urls).keys.tolist()
    one_by_one = [host_keys.of_links([url]).keys.item() for url in urls]

    assert found == one_by_one == [key(names[:length]) for length in range(1, 252)]


def test_no_links_have_no_keys() -> None:
    assert [len(column) for column in host_keys.of_links([])] == [0, 0]


def test_what_is_no_canonical_url_is_read_by_definition() -> None:
    urls = ["http://例子.example/", "http://a.example/é"]

    found, expected = host_keys.of_links(urls), host_keys.keys_by_definition(urls)

    assert found.keys.tolist() == expected.keys.tolist()
