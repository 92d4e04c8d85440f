"""CMPP as the relay reads it: both versions, every format, malformed PDUs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.cmpp import codec
from integrations.cmpp.dialect import CmppDialect
from integrations.cmpp.settings import CmppSettings
from integrations.messages import data_coding
from integrations.messages.carried_message import Coding, MessageDirection, MessageSegment
from integrations.messages.dialect import PduFault, PduKind, RelayedPdu
from tests.support import cmpp_peers, sms_traffic

SUBMIT, DELIVER = MessageDirection.SUBMIT, MessageDirection.DELIVER
VERSIONS = pytest.mark.parametrize("version", [0x20, 0x30])


def of_version(version: int) -> CmppDialect:
    dialect = CmppDialect(CmppSettings())
    body = b"901234" + bytes(16) + bytes([version]) + bytes(4)
    connect = dialect.parse(codec.pdu(codec.CONNECT, 1, body))
    assert dialect.client_name(connect) == "901234"
    return dialect


def pdu(version: int, octets: bytes, msg_fmt: int, **others: object) -> RelayedPdu:
    fields = {"hex": octets.hex(), "data_coding": msg_fmt, "source_addr": "10690000"}
    body = cmpp_peers.submit(fields | {"destination_addr": "8617000000001"} | others, version)
    return RelayedPdu(codec.SUBMIT, 0, 1, codec.pdu(codec.SUBMIT, 1, body))


@VERSIONS
@pytest.mark.parametrize(
    ("msg_fmt", "octets", "text", "flash"),
    [
        (0, b"hello @ {x}", "hello @ {x}", False),
        (0, "验证码".encode("gbk"), "验证码", False),
        (8, "验证码".encode("utf-16-be"), "验证码", False),
        (15, "验证码".encode("gbk"), "验证码", False),
        (24, "验证码".encode("utf-16-be"), "验证码", True),
        (4, b"\x01\x02", "", False),
        (3, b"\x01\x02", "", False),
    ],
)
def test_each_format_is_read_in_both_versions(
    version: int, msg_fmt: int, octets: bytes, text: str, *, flash: bool
) -> None:
    message = of_version(version).read(pdu(version, octets, msg_fmt), SUBMIT)

    assert (message.sender, message.receivers) == ("10690000", ("+8617000000001",))
    assert (data_coding.text_of([message.text]), message.flash) == (text, flash)


@VERSIONS
def test_parts_are_read_from_both_places(version: int) -> None:
    dialect = of_version(version)
    header = pdu(version, b"\5\0\3\7\2\1" + b"hello", 0, esm_class=0x40)
    count = pdu(version, b"hello", 0, sar_total_segments=3, sar_segment_seqnum=2)

    assert dialect.read(header, SUBMIT).segment == MessageSegment(7, 2, 1, "udh8")
    assert dialect.read(count, SUBMIT).segment == MessageSegment(0, 3, 2, "pk")


@VERSIONS
def test_a_body_of_the_other_version_has_a_result(version: int) -> None:
    other = 0x50 - version

    with pytest.raises(PduFault):
        of_version(other).read(pdu(version, "您好".encode("utf-16-be"), 8), SUBMIT)


def test_the_lower_version_of_both_peers_counts() -> None:
    dialect = of_version(0x30)
    answer = codec.pdu(codec.CONNECT | codec.RESPONSE, 1, bytes(17) + b"\x20")

    assert dialect.is_bound(dialect.parse(answer))
    assert dialect.read(pdu(0x20, b"hello", 0), SUBMIT).sender == "10690000"


@VERSIONS
def test_answers_have_the_width_of_the_version(version: int) -> None:
    dialect = of_version(version)
    asked = pdu(version, b"hello", 0)

    refused, dropped = dialect.refuse(asked, SUBMIT, 0x45), dialect.swallow(asked, SUBMIT, 1)

    width = 4 if version == 0x30 else 1
    assert refused[12:] == bytes(8) + (9).to_bytes(width, "big")
    assert len(dropped) == len(refused)
    assert dropped[20:] == bytes(width)
    assert any(dropped[12:20])


def test_only_a_report_from_the_gateway_is_a_receipt() -> None:
    dialect = of_version(0x20)
    for report in (False, True):
        body = cmpp_peers.deliver("8617000000001", b"x" * 60, 0, 0x20, report=report)
        octets = codec.pdu(codec.DELIVER, 1, body)

        assert dialect.read(RelayedPdu(codec.DELIVER, 0, 1, octets), DELIVER).receipt == report


def test_what_a_peer_may_not_send_is_unknown() -> None:
    dialect = of_version(0x20)
    for command, up, down in (
        (codec.SUBMIT, PduKind.MESSAGE, PduKind.UNKNOWN),
        (codec.DELIVER, PduKind.UNKNOWN, PduKind.MESSAGE),
        (codec.CONNECT, PduKind.BIND, PduKind.UNKNOWN),
        (9, PduKind.UNKNOWN, PduKind.UNKNOWN),
        (codec.SUBMIT | codec.RESPONSE, PduKind.RESPONSE, PduKind.RESPONSE),
        (0x80000077, PduKind.UNKNOWN, PduKind.UNKNOWN),
    ):
        asked = dialect.parse(codec.pdu(command, 1))

        assert (dialect.kind(asked, SUBMIT), dialect.kind(asked, DELIVER)) == (up, down)


def test_a_label_goes_before_a_text_where_it_fits() -> None:
    dialect = of_version(0x20)
    asked = pdu(0x20, "您好".encode("gbk"), 15)

    labelled = dialect.labelled(asked, "[疑似诈骗]")

    assert labelled is not None
    message = dialect.read(dialect.parse(labelled), SUBMIT)
    assert data_coding.text_of([message.text]) == "[疑似诈骗]您好"
    assert int.from_bytes(labelled[:4], "big") == len(labelled)
    assert dialect.labelled(pdu(0x20, b"x" * 139, 8), "[疑似诈骗]") is None


@given(st.binary(max_size=300), st.sampled_from([4, 5]), st.sampled_from([0x20, 0x30]))
def test_any_body_is_read_or_has_a_result(body: bytes, command: int, version: int) -> None:
    dialect = of_version(version)
    try:
        message = dialect.read(RelayedPdu(command, 0, 1, codec.pdu(command, 1, body)), SUBMIT)
    except PduFault as fault:
        result: int | None = fault.status
    else:
        result = None
        data_coding.text_of([message.text])

    assert result in {None, codec.RESULT_STRUCTURE, codec.RESULT_LENGTH}


@given(st.binary(max_size=40))
def test_any_connect_is_answered(body: bytes) -> None:
    dialect = CmppDialect(CmppSettings())
    asked = dialect.parse(codec.pdu(codec.CONNECT, 5, body))
    dialect.client_name(asked)

    answer = dialect.reply_no_upstream(asked)

    assert codec.connect_response_fields(answer)[0] == codec.STATUS_OTHER
    assert dialect.is_bound(dialect.parse(codec.pdu(codec.CONNECT | codec.RESPONSE, 5, body))) in {
        True,
        False,
    }


def test_traffic_of_tests_is_read() -> None:
    dialect = of_version(0x30)
    for message in sms_traffic.traffic(50, 0.1, kinds=sms_traffic.CMPP_KINDS):
        for fields in message.pdus:
            body = cmpp_peers.submit(fields, 0x30)
            read = dialect.read(RelayedPdu(4, 0, 1, codec.pdu(4, 1, body)), SUBMIT)

            assert read.receivers == (f"+{message.receiver}",) or len(message.receiver) != 13
            assert read.text.coding is not Coding.BINARY
