"""SMPP as the relay reads it, against PDUs of smpplib and malformed ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import command, smpp

from integrations.messages import data_coding
from integrations.messages.carried_message import CarriedMessage, Coding, MessageDirection
from integrations.messages.dialect import PduFault, PduKind, RelayedPdu
from integrations.smpp import codec
from integrations.smpp.dialect import SmppDialect
from integrations.smpp.settings import SmppSettings

SUBMIT, DELIVER = MessageDirection.SUBMIT, MessageDirection.DELIVER


@pytest.fixture
def dialect() -> SmppDialect:
    return SmppDialect(SmppSettings())


def made(name: str, **fields: object) -> bytes:
    """Return a PDU as smpplib writes it."""
    pdu = smpp.make_pdu(name, client=None, sequence=7, **fields)
    pdu.sequence = 7
    octets: bytes = pdu.generate()
    return octets


def submit(**fields: object) -> bytes:
    return made(
        "submit_sm",
        **{
            "source_addr_ton": 1,
            "source_addr": "8617000000001",
            "dest_addr_ton": 1,
            "destination_addr": "8619900000001",
            "short_message": b"hello",
            **fields,
        },
    )


def read(dialect: SmppDialect, octets: bytes) -> CarriedMessage:
    return dialect.read(dialect.parse(octets), SUBMIT)


def test_a_message_is_read_as_another_library_wrote_it(dialect: SmppDialect) -> None:
    text = "您好".encode("utf-16-be")

    message = read(dialect, submit(short_message=text, data_coding=8))

    assert (message.sender, message.receivers) == ("+8617000000001", ("+8619900000001",))
    assert (message.text.octets, message.text.coding) == (text, Coding.UTF16)
    assert message.segment is None


def test_names_and_short_codes_stay_as_they_are(dialect: SmppDialect) -> None:
    name = read(dialect, submit(source_addr_ton=5, source_addr="Bank"))
    code = read(dialect, submit(source_addr_ton=0, source_addr="10690000"))

    assert (name.sender, code.sender) == ("Bank", "10690000")


def test_parts_are_read_from_a_header_and_from_parameters(dialect: SmppDialect) -> None:
    header = read(dialect, submit(short_message=b"\x05\x00\x03\x09\x02\x01hello", esm_class=0x40))
    parameters = read(
        dialect, submit(sar_msg_ref_num=9, sar_total_segments=2, sar_segment_seqnum=2)
    )

    assert header.segment is not None
    assert (header.segment.scheme, header.text.octets) == ("udh8", b"hello")
    assert parameters.segment is not None
    assert (parameters.segment.scheme, parameters.segment.number) == ("sar", 2)


def test_a_payload_is_read_alone_and_beside_a_text(dialect: SmppDialect) -> None:
    payload = bytes.fromhex("0424 0003") + b"abc"
    alone = submit(short_message=b"") + payload
    both = submit() + payload

    assert read(dialect, alone).text.octets == b"abc"
    assert read(dialect, both).text.octets == b"helloabc"


def test_every_number_of_a_multiple_submit_is_read(dialect: SmppDialect) -> None:
    body = (
        b"\0" b"\x01\x018617000000001\0" b"\x03"
        b"\x01\x01\x018619900000001\0" b"\x02friends\0" b"\x01\x00\x0010086\0"
        b"\0\0\0" b"\0" b"\0" b"\0\0" b"\0" b"\0" b"\x05hello"
    )  # fmt: skip

    message = read(dialect, codec.pdu(codec.SUBMIT_MULTI, 0, 1, body))

    assert message.receivers == ("+8619900000001", "10086")
    assert data_coding.text_of([message.text]) == "hello"


def test_receipts_are_known_only_from_the_message_centre(dialect: SmppDialect) -> None:
    pdu = dialect.parse(submit(esm_class=0x04))

    assert not dialect.read(pdu, SUBMIT).receipt
    assert dialect.read(pdu, DELIVER).receipt


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (codec.pdu(codec.SUBMIT_SM, 0, 1), codec.ESME_RINVPARLEN),
        (codec.pdu(codec.SUBMIT_SM, 0, 1, b"x" * 30), codec.ESME_RINVPARLEN),
        (submit()[:-3], codec.ESME_RINVMSGLEN),
        (submit() + b"\x04\x24\x00", codec.ESME_RINVPARLEN),
        (submit() + b"\x04\x24\x00\x09abc", codec.ESME_RINVPARLEN),
        (submit(short_message=b"\x09\x00", esm_class=0x40), codec.ESME_RINVMSGLEN),
    ],
)
def test_a_body_that_breaks_the_specification_has_a_status(
    dialect: SmppDialect, octets: bytes, status: int
) -> None:
    with pytest.raises(PduFault) as fault:
        read(dialect, octets)

    assert fault.value.status == status


@given(st.binary(max_size=120), st.sampled_from([4, 5, 0x21, 0x103]), st.sampled_from([0, 0x40]))
def test_any_body_is_read_or_has_a_status(body: bytes, number: int, esm_class: int) -> None:
    dialect = SmppDialect(SmppSettings())
    pdu = RelayedPdu(number, 0, 1, codec.pdu(number, 0, 1, body))
    try:
        message = dialect.read(pdu, SUBMIT)
    except PduFault as fault:
        status: int | None = fault.status
    else:
        status = None
        data_coding.text_of([message.text])

    assert status in {
        None, codec.ESME_RINVMSGLEN, codec.ESME_RINVCMDLEN, codec.ESME_RINVPARLEN,
        codec.ESME_RINVNUMDESTS, codec.ESME_RINVDESTFLAG,
    }  # fmt: skip


def test_a_peer_may_send_only_what_is_its_own(dialect: SmppDialect) -> None:
    for number, up, down in (
        (codec.SUBMIT_SM, PduKind.MESSAGE, PduKind.UNKNOWN),
        (codec.DELIVER_SM, PduKind.UNKNOWN, PduKind.MESSAGE),
        (codec.OUTBIND, PduKind.UNKNOWN, PduKind.UNKNOWN),
        (codec.ALERT_NOTIFICATION, PduKind.UNKNOWN, PduKind.NOTICE),
        (0x200, PduKind.UNKNOWN, PduKind.UNKNOWN),
        (codec.GENERIC_NACK, PduKind.FAULT, PduKind.FAULT),
        (codec.SUBMIT_SM | codec.RESPONSE, PduKind.RESPONSE, PduKind.RESPONSE),
    ):
        pdu = dialect.parse(codec.pdu(number, 0, 1))

        assert (dialect.kind(pdu, SUBMIT), dialect.kind(pdu, DELIVER)) == (up, down)


def test_only_the_sequence_number_changes_on_the_way(dialect: SmppDialect) -> None:
    octets = submit()

    there = dialect.renumbered(octets, 99)

    assert there != octets
    assert dialect.parse(there).sequence == 99
    assert dialect.renumbered(there, 7) == octets


def test_answers_are_read_by_another_library(dialect: SmppDialect) -> None:
    pdu = dialect.parse(submit())

    refused = smpp.parse_pdu(dialect.refuse(pdu, SUBMIT, None), client=None)
    swallowed = smpp.parse_pdu(dialect.swallow(pdu, SUBMIT, 0xABC), client=None)

    assert (refused.command, refused.status, refused.sequence) == ("submit_sm_resp", 0x45, 7)
    assert isinstance(swallowed, command.SubmitSMResp)
    assert swallowed.message_id == b"0000000000000ABC"


def test_a_label_goes_before_a_text_where_it_fits(dialect: SmppDialect) -> None:
    short = submit(short_message="您好".encode("utf-16-be"), data_coding=8)
    long = submit(short_message=b"x" * 159)
    part = submit(short_message=b"\x05\x00\x03\x09\x02\x01hello", esm_class=0x40)

    labelled = dialect.labelled(dialect.parse(short), "[疑似诈骗]")

    assert labelled is not None
    assert data_coding.text_of([read(dialect, labelled).text]) == "[疑似诈骗]您好"
    assert int.from_bytes(labelled[:4], "big") == len(labelled)
    assert dialect.labelled(dialect.parse(long), "[spam]") is None
    assert dialect.labelled(dialect.parse(part), "[spam]") is None
    assert dialect.labelled(dialect.parse(submit()), "[疑似诈骗]") is None
