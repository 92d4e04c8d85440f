import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.http import icap_codec
from integrations.http.icap_codec import IcapFault, IcapRequest, headers_of, read_request

HTTP = b"GET http://shop.example/a HTTP/1.1\r\nHost: shop.example\r\n\r\n"
GOOD = (
    b"REQMOD icap://proxy.example/reqmod ICAP/1.0\r\nHost: proxy.example\r\nAllow: 204\r\n"
    b"Encapsulated: req-hdr=0, null-body=%d\r\n\r\n" % len(HTTP)
) + HTTP


def parsed(message: bytes) -> IcapRequest | None:
    async def parse() -> IcapRequest | None:
        reader = asyncio.StreamReader(limit=icap_codec.MAX_HEAD_BYTES)
        reader.feed_data(message)
        reader.feed_eof()
        return await read_request(reader)

    return asyncio.run(parse())


def test_a_request_names_its_service_and_its_url() -> None:
    request = parsed(GOOD)

    assert request is not None
    assert (request.method, request.service, request.allows_204) == ("REQMOD", "reqmod", True)
    assert request.web_request().url == "http://shop.example/a"


def test_a_tunnel_is_judged_by_its_host() -> None:
    head = b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n"
    message = GOOD[: -len(HTTP)].replace(b"=%d" % len(HTTP), b"=%d" % len(head)) + head
    request = parsed(message)

    assert request is not None
    assert request.web_request().url == "https://shop.example:443/"


def test_a_connection_that_ends_between_requests_is_no_fault() -> None:
    assert parsed(b"") is None


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"ICAP/1.0", b"ICAP/2.0", 505),
        (b"REQMOD ", b"reqmod ", 400),
        (b"Allow: 204", b"Allow 204", 400),
        (b"req-hdr=0, null-body", b"req-hdr=0, res-hdr=5, null-body", 400),
        (b"req-hdr=0", b"req-hdr=1", 400),
        (b"null-body=58", b"null-body=99999999", 400),
        (b"null-body=58", b"null-body=59", 400),
        (b"Encapsulated: req", b"Encapsulated: Req", 400),
    ],
)
def test_what_could_pass_for_another_message_is_refused(
    old: bytes, new: bytes, status: int
) -> None:
    message = GOOD.replace(old, new)
    assert message != GOOD

    with pytest.raises(IcapFault) as fault:
        parsed(message)

    assert fault.value.status == status


def _status(message: bytes) -> int:
    try:
        request = parsed(message)
        if request is not None:
            request.web_request()
    except IcapFault as fault:
        return fault.status
    return 0


@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_any_damage_is_a_fault_or_a_request(inserted: bytes, at: int, dropped: int) -> None:
    assert _status(GOOD[:at] + inserted + GOOD[at + dropped :]) in {0, *icap_codec.PHRASES}


@given(st.lists(st.text(max_size=40), max_size=8))
def test_headers_are_read_or_refused(lines: list[str]) -> None:
    try:
        found = headers_of(lines)
    except IcapFault:
        return
    assert all(name == name.lower() and name for name in found)
