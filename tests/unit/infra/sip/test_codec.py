from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sip.codec import (
    MOST_HEADERS,
    MalformedSip,
    parameters,
    quoted,
    read_request,
    split_list,
    split_message,
    unquoted,
)
from tests.support.sip_messages import CALLER, sip_request


def test_a_request_is_read_with_its_headers_in_order_and_its_body() -> None:
    request = read_request(split_message(sip_request(body=b"v=0\r\n")))

    assert (request.method, request.uri) == ("INVITE", "sip:+8619900000001@carrier.test")
    assert [name for name, _ in request.headers.pairs] == [
        "via", "from", "to", "call-id", "cseq", "max-forwards", "content-length",
    ]  # fmt: skip
    assert (request.cseq, request.body) == (1, b"v=0\r\n")


def test_compact_names_and_folded_lines_mean_the_same() -> None:
    compact = sip_request(
        without=("Via", "From", "To", "Call-ID", "Content-Length"),
        headers=(
            "v: SIP/2.0/UDP 127.0.0.1",
            "f:\t<sip:+8617000000123@carrier.test>\r\n ;tag=1",
            "T :<sip:+8619900000001@carrier.test>",
            "i: 1@carrier.test",
            "l: 0",
        ),
    )

    headers = read_request(split_message(compact)).headers

    assert headers.first("from") == "<sip:+8617000000123@carrier.test> ;tag=1"
    assert headers.first("to") == "<sip:+8619900000001@carrier.test>"
    assert headers.first("call-id") == "1@carrier.test"


def test_of_a_datagram_what_follows_the_body_is_discarded() -> None:
    message = sip_request(headers=("Content-Length: 2",), body=b"abcdef")

    assert read_request(split_message(message)).body == b"ab"


@pytest.mark.parametrize(
    "message",
    [
        sip_request(without=("CSeq",)),
        sip_request(without=("From",)),
        sip_request(headers=("To:",)),
        sip_request(headers=("From: " + "a" * 9000,)),
        sip_request(headers=("CSeq: 1 BYE",)),
        sip_request(headers=("CSeq: x INVITE",)),
        sip_request(headers=("CSeq: 2147483648 INVITE",)),
        sip_request(headers=("Content-Length: 5",)),
        sip_request(headers=("Content-Length: -1",)),
        sip_request(headers=("Content-Length: 0", "Content-Length: 1")),
        sip_request(uri="sip:a@b.test>\"<"),
        sip_request(uri="no-scheme"),
        sip_request(method="IN VITE"),
        sip_request().replace(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(message: bytes) -> None:
    with pytest.raises(MalformedSip):
        read_request(split_message(message))


@pytest.mark.parametrize(
    "lines",
    [
        ("no colon here",),
        ("Subject: a\nInjected: b",),
        ("Subject: " + "a" * 9000,),
        ("X: y",) * (2 * MOST_HEADERS),
        ("\xff\x00: \x00",),
        (f"From: <sip:{CALLER}@carrier.test>;tag=1", "From: <sip:other@carrier.test>;tag=2"),
    ],
)
def test_what_a_caller_adds_prevents_no_decision(lines: tuple[str, ...]) -> None:
    """RFC 3261, section 8.2."""
    request = read_request(split_message(sip_request(headers=lines)))

    assert request.headers.first("from") == f"<sip:{CALLER}@carrier.test>;tag=1"


def test_headers_without_an_end_are_no_message() -> None:
    with pytest.raises(MalformedSip):
        split_message(sip_request().removesuffix(b"\r\n"))


def test_commas_in_quotes_and_brackets_divide_nothing() -> None:
    value = '"A, B" <sip:a@x.test>, <sip:b,c@x.test>;p="1,2",tel:+1'

    assert split_list(value) == ['"A, B" <sip:a@x.test>', '<sip:b,c@x.test>;p="1,2"', "tel:+1"]


def test_parameters_are_read_without_their_quotes_the_first_of_a_name_counts() -> None:
    assert parameters(';a=1;B="x;\\"y" ; c ;a=2;;=3') == {"a": "1", "b": 'x;"y', "c": ""}


@given(st.text())
def test_what_is_quoted_is_one_line_and_comes_back(text: str) -> None:
    found = quoted(text)

    assert unquoted(found) == "".join(one for one in text if one.isprintable())
    assert "\n" not in found
    assert "\r" not in found


@given(st.binary(max_size=2000))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(MalformedSip):
        read_request(split_message(data))
