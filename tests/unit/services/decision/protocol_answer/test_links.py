"""Records and pages for blocked links."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.protocol_answer import links
from services.decision.protocol_answer.redress import Redress

REDRESS = Redress(url="https://appeal.example/?a=1&b=2", tel="+861060000000")


class ReadPage(HTMLParser):
    """The elements, the places they lead to, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.places += [value or "" for name, value in attrs if name in {"href", "src", "action"}]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("url", "pattern", "owner"),
    [
        ("http://bad.example/", "", "bad.example"),
        ("http://www.bad.example/a?b", "bad.example", "www.bad.example"),
        ("http://bad.example/a", "bad.example/a", None),
        ("http://bad.example/a", "", None),
        ("http://192.0.2.1/", "", None),
        ("http://[2001:db8::1]/", "", None),
        ("http://x%20y.example/", "", None),
        (f"http://{'a' * 64}.example/", "", None),
        ("", "", None),
    ],
)
def test_a_record_is_offered_only_where_a_whole_host_is_blocked(
    url: str, pattern: str, owner: str | None
) -> None:
    answer = links.rpz(url, pattern, action="nodata", ttl=30)

    assert (answer and answer.owner) == owner
    if answer:
        assert (answer.rdata, answer.ttl) == ("CNAME *.", 30)


def test_a_legal_basis_makes_it_451_and_names_who_blocked() -> None:
    listed = links.http(1, "Art. 32", REDRESS, with_page=False)
    scored = links.http(1, "", REDRESS, with_page=False)

    assert (listed.status, scored.status) == (451, 403)
    assert ("Link", f'<{REDRESS.url}>; rel="blocked-by"') in listed.headers
    assert "Link" not in {header.name for header in scored.headers}
    assert ("Cache-Control", "no-store") in scored.headers


def test_the_page_shows_decision_id_and_appeal_address_in_both_languages() -> None:
    page = links.http(7_355_608, "", REDRESS, with_page=True).body

    read = ReadPage(page)
    assert "7355608" in read.text
    assert "申诉" in read.text
    assert "appeal and quote this decision id" in read.text
    assert REDRESS.url in read.places
    assert f"tel:{REDRESS.tel}" in read.places


def test_the_page_loads_no_external_resources() -> None:
    read = ReadPage(links.block_page(1, "Art. 32", REDRESS))

    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(read.tags)
    assert all(place.startswith(("https://appeal.example/", "tel:")) for place in read.places)


@given(st.text(max_size=60) | st.text(st.sampled_from("<>&\"'$/{}script"), max_size=60))
def test_a_legal_basis_is_escaped(basis: str) -> None:
    page = links.block_page(1, basis, REDRESS)

    read, plain = ReadPage(page), ReadPage(links.block_page(1, "x", REDRESS))
    if basis:
        assert read.tags == plain.tags
        assert html.escape(basis) in page
