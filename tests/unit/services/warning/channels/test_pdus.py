"""What comes from a message centre is read, or refused with the number that an answer needs."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from services.warning.channels import pdus
from services.warning.channels.pdus import HEADER, Unreadable

SEQUENCES = st.integers(1, 2**31 - 1)
BODIES = st.binary(max_size=200)
COMMANDS = st.sampled_from([0x80000000, 0x80000004, 0x80000009, 0x5, 0x15, 0x6, 0x102, 0x77777777])
"""Answers of a centre, deliver_sm, enquire_link, unbind, and what no version has."""
TEXTS = st.text("0123456789+abc", max_size=20)


def a_pdu(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return struct.pack(">LLLL", HEADER + len(body), command, status, sequence) + body


@given(COMMANDS | st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), SEQUENCES, BODIES)
@example(0x5, 0, 1, b"\0\x05\x01id\0" + b"\xff" * 40)
def test_any_body_is_read_or_refused_with_its_number(
    command: int, status: int, sequence: int, body: bytes
) -> None:
    read: pdus.Pdu | Unreadable
    try:
        read = pdus.read(a_pdu(command, status, sequence, body))
    except Unreadable as refused:
        read = refused

    assert read.sequence == sequence
    assert read.command_id == command if isinstance(read, Unreadable) else read.status == status


@given(SEQUENCES, st.sampled_from(["enquire_link", "unbind", "deliver_sm_resp"]))
def test_a_pdu_without_a_body_round_trips(sequence: int, command: str) -> None:
    read = pdus.read(pdus.plain(command, sequence))

    assert (read.command, read.sequence, read.status) == (command, sequence, pdus.OK)


@given(SEQUENCES, TEXTS, BODIES, st.booleans())
def test_a_message_round_trips(sequence: int, source: str, body: bytes, several: bool) -> None:
    data = pdus.submit(
        source=source, to="+8617000000001", data_coding=8, several=several, body=body,
        priority=1, sequence=sequence,
    )  # fmt: skip

    read = pdus.read(data)

    assert struct.unpack(">L", data[:4])[0] == len(data)
    assert (read.command, read.sequence, read.body) == ("submit_sm", sequence, body)
