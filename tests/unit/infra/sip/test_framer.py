from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sip.framer import SipFramer, StreamFault
from tests.support.sip_messages import sip_request

MESSAGES = [sip_request(number=1), sip_request(number=2, body=b"\r\n\r\nx"), sip_request(number=3)]


@given(st.lists(st.integers(1, 1200), max_size=6))
def test_a_stream_is_cut_into_the_same_messages_however_it_arrives(cuts: list[int]) -> None:
    stream = b"\r\n" + b"".join(MESSAGES)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer = SipFramer(4096)

    pieces = [stream[start:end] for start, end in pairwise(places)]
    found = [message for piece in pieces for message in framer.feed(piece)]

    assert found == MESSAGES
    assert framer.fault is None


def test_pings_between_messages_are_counted() -> None:
    """RFC 5626, section 4.4.1."""
    framer = SipFramer(4096)

    found = framer.feed(b"\r\n\r\n" + MESSAGES[0] + b"\r\n\r\n\r\n\r\n" + MESSAGES[2])

    assert found == [MESSAGES[0], MESSAGES[2]]
    assert framer.keepalives == 3


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (sip_request(without=("Content-Length",)), StreamFault.MALFORMED),
        (sip_request(headers=("Content-Length: 1x",)), StreamFault.MALFORMED),
        (sip_request(headers=("Content-Length: 5000",)), StreamFault.TOO_LARGE),
        (b"a" * 5000, StreamFault.TOO_LARGE),
    ],
)
def test_after_a_fault_nothing_is_read(data: bytes, fault: StreamFault) -> None:
    framer = SipFramer(4096)

    assert framer.feed(MESSAGES[0] + data) == [MESSAGES[0]]
    assert framer.fault is fault
    assert framer.feed(MESSAGES[1]) == []
