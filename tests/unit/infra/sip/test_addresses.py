import pytest

from infra.sip.addresses import read_address, read_via
from infra.sip.codec import MalformedSip


def test_the_topmost_via_is_read_over_lines_and_commas() -> None:
    top, below = read_via(
        [
            "SIP / 2.0 / UDP first.test:4000 ;branch=z9hG4bK1, SIP/2.0/TCP b.test",
            "SIP/2.0/UDP c.test",
        ]
    )

    assert (top.host, top.port, top.branch) == ("first.test", 4000, "z9hG4bK1")
    assert below == ["SIP/2.0/TCP b.test", "SIP/2.0/UDP c.test"]


@pytest.mark.parametrize(
    ("via", "seen"),
    [
        ("SIP/2.0/UDP 10.0.0.1:5062;branch=b", "SIP/2.0/UDP 10.0.0.1:5062;branch=b"),
        (
            "SIP/2.0/UDP proxy.test;branch=b;received=9.9.9.9",
            "SIP/2.0/UDP proxy.test;branch=b;received=10.0.0.1",
        ),
        (
            "SIP/2.0/UDP 10.0.0.1;rport;branch=b",
            "SIP/2.0/UDP 10.0.0.1;branch=b;rport=4000;received=10.0.0.1",
        ),
        (
            "SIP/2.0/UDP 10.0.0.1 ; rport = 7 ;branch=b",
            "SIP/2.0/UDP 10.0.0.1  ;branch=b;rport=4000;received=10.0.0.1",
        ),
    ],
)
def test_the_response_says_from_where_the_request_came(via: str, seen: str) -> None:
    """RFC 3261, section 18.2.1; RFC 3581, section 4."""
    top, _ = read_via([via])

    assert top.seen_from("10.0.0.1", 4000).text == seen


def test_an_address_of_ipv6_keeps_its_brackets() -> None:
    top, _ = read_via(["SIP/2.0/UDP [2001:db8::1]:5061;branch=b"])

    assert (top.host, top.port) == ("[2001:db8::1]", 5061)
    assert "received" not in top.seen_from("2001:db8::1", 5061).text


@pytest.mark.parametrize(
    "values",
    [[], [""], ["SIP/2.0/UDP"], ["SIP/2.0/UDP a b"], ["SIP/2.0/UDP a:0"], ["SIP/2.0/UDP a:65536"],
     ["SIP/1.0/UDP a"], ["SIP/2.0/UDP [::1"]],
)  # fmt: skip
def test_a_via_that_names_no_peer_is_malformed(values: list[str]) -> None:
    with pytest.raises(MalformedSip):
        read_via(values)


@pytest.mark.parametrize(
    ("value", "display", "uri", "tag"),
    [
        (
            '"B\\"ob, Jr" <sip:b@x.test;user=phone>;tag=1',
            'B"ob, Jr',
            "sip:b@x.test;user=phone",
            "1",
        ),
        ("Bob <sip:b@x.test>", "Bob", "sip:b@x.test", None),
        ("<tel:+86170>", "", "tel:+86170", None),
        ("sip:b@x.test;tag=2", "", "sip:b@x.test", "2"),
    ],
)
def test_a_party_has_a_name_a_uri_and_parameters(
    value: str, display: str, uri: str, tag: str | None
) -> None:
    found = read_address(value)

    assert (found.display, found.uri, found.parameters.get("tag")) == (display, uri, tag)


@pytest.mark.parametrize("value", ["", "Bob", '"Bob <sip:b@x.test', "<Bob>", '<sip:a"b@x.test>'])
def test_a_party_without_a_uri_is_malformed(value: str) -> None:
    with pytest.raises(MalformedSip):
        read_address(value)


def test_hostile_lengths_take_no_time() -> None:
    for value in (
        "<" * 8000,
        '"' * 8001,
        " " * 8000 + "<",
        "a;" * 4000,
        ";rport" + " " * 8000 + "x",
    ):
        with pytest.raises(MalformedSip):
            read_address(value)
