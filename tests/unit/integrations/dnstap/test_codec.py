"""Frames of resolvers, whole and damaged."""

import random

import pytest

from integrations.dnstap import codec
from integrations.dnstap.codec import BadFrame, LookUp
from tests.support.dnstap_frames import CLIENT_RESPONSE, frame


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_a_question_says_who_asked_what(address: str) -> None:
    assert codec.look_up(frame("WWW.Bank.example", address)) == LookUp(
        address, "www.bank.example", 1_700_000_000
    )


def test_only_questions_of_clients_count() -> None:
    assert codec.look_up(frame("bank.example", kind=CLIENT_RESPONSE)) is None
    assert codec.look_up(b"") is None


@pytest.mark.parametrize("name", ["bad name.example", "bank.example\n", "ba\x00nk.example"])
def test_what_is_no_name_of_a_host_is_empty(name: str) -> None:
    found = codec.look_up(frame(name))

    assert found is not None
    assert found.name == ""


def test_control_frames_come_back_as_they_were_written() -> None:
    written = codec.control(codec.READY, with_content=True)

    assert written[:4] == b"\0\0\0\0"
    assert codec.read_control(written[8:]) == (codec.READY, [codec.CONTENT_TYPE])


@pytest.mark.parametrize(
    "payload", [b"", b"\0\0\0", b"\0\0\0\4\0", b"\0\0\0\4\0\0\0\1\0\0\0\x09abc"]
)
def test_damaged_control_frames_are_refused(payload: bytes) -> None:
    with pytest.raises(BadFrame):
        codec.read_control(payload)


def test_damaged_frames_are_read_or_refused() -> None:
    chance, whole = random.Random(3), frame("www.bank.example")
    refused = 0

    for _ in range(20_000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            found = codec.look_up(bytes(damaged[: chance.randint(0, len(damaged))]))
        except BadFrame:
            refused += 1
        else:
            assert found is None or found.address

    assert refused
