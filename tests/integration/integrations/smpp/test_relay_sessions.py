"""Sessions of the SMPP relay: binds, windows, keepalives, ends, and peers that break the rules."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.smpp import codec
from tests.support.identities import now
from tests.support.raw_relay import BIND, TEXT, part, raw_relay

R = codec.RESPONSE
SUBMIT, DELIVER = codec.SUBMIT_SM, codec.DELIVER_SM


async def test_sequence_numbers_are_mapped_and_octets_are_kept() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.say(SUBMIT, 4711, TEXT + b"\x14\x00\x00\x02zz")
        client.say(SUBMIT, 4711, TEXT)

        first, second = await centre.hear(), await centre.hear()
        centre.say(SUBMIT | R, second[2], b"two\0")
        centre.say(SUBMIT | R, first[2], b"one\0")

        assert first[3] == TEXT + b"\x14\x00\x00\x02zz"
        assert first[2] != second[2]
        assert await client.hear() == (SUBMIT | R, 0, 4711, b"two\0")
        assert await client.hear() == (SUBMIT | R, 0, 4711, b"one\0")


async def test_nothing_is_acknowledged_before_the_message_centre_did() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.say(SUBMIT, 2, TEXT)
        _, _, sequence, _ = await centre.hear()
        client.say(codec.ENQUIRE_LINK, 3)

        assert await client.hear() == (codec.ENQUIRE_LINK | R, 0, 3, b"")
        centre.say(SUBMIT | R, sequence, status=codec.ESME_RTHROTTLED)
        assert await client.hear() == (SUBMIT | R, codec.ESME_RTHROTTLED, 2, b"")


async def test_reading_stops_when_the_window_is_full_and_goes_on_when_it_is_not() -> None:
    async with raw_relay(window=3) as relay:
        client, centre = await relay.bound()
        for sequence in range(10):
            client.say(SUBMIT, 100 + sequence, TEXT)
        got = [await centre.hear() for _ in range(3)]
        client.say(codec.ENQUIRE_LINK, 200)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await centre.reader.readexactly(1)

        # A delivery needs an answer of the client: it is read again, and waits for nothing.
        centre.say(DELIVER, 7, TEXT)
        heard = [await client.hear() for _ in range(6)]
        client.say(DELIVER | R, next(s for c, _, s, _ in heard if c == DELIVER), b"\0")
        assert (await centre.hear())[0] in {DELIVER | R, SUBMIT}

        throttled = [s for c, status, s, _ in heard if status == codec.ESME_RTHROTTLED]
        assert throttled == [106, 107, 108, 109]
        assert (codec.ENQUIRE_LINK | R, 0, 200, b"") in heard
        assert len({sequence for _, _, sequence, _ in got}) == 3


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (codec.pdu(SUBMIT, 0, 9, b"x" * 30), (SUBMIT | R, codec.ESME_RINVPARLEN, 9)),
        (codec.pdu(SUBMIT, 0, 9, TEXT[:-2]), (SUBMIT | R, codec.ESME_RINVMSGLEN, 9)),
        (codec.pdu(0x7777, 0, 9), (codec.GENERIC_NACK, codec.ESME_RINVCMDID, 9)),
        (codec.pdu(codec.OUTBIND, 0, 9), (codec.GENERIC_NACK, codec.ESME_RINVCMDID, 9)),
        (codec.pdu(DELIVER, 0, 9, TEXT), (codec.GENERIC_NACK, codec.ESME_RINVCMDID, 9)),
        (
            codec.pdu(codec.BIND_RECEIVER, 0, 9, BIND),
            (codec.BIND_RECEIVER | R, codec.ESME_RALYBND, 9),
        ),
    ],
)
async def test_a_peer_that_breaks_the_rules_hears_the_error_of_the_protocol(
    octets: bytes, answer: tuple[int, int, int]
) -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.write(octets)

        assert (await client.hear())[:3] == answer
        client.say(SUBMIT, 10, TEXT)
        assert (await centre.hear())[3] == TEXT


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
async def test_an_impossible_length_is_answered_and_ends_the_session(length: int) -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.write(length.to_bytes(4, "big") + codec.pdu(SUBMIT, 0, 9)[4:])

        assert await client.hear() == (codec.GENERIC_NACK, codec.ESME_RINVCMDLEN, 9, b"")
        assert await client.hear_end() == b""
        assert await centre.hear_end() == b""
        assert relay.counted("fanzha_adapter_peer_faults_total", kind="unframed") == 1


async def test_an_outbind_of_the_message_centre_is_refused() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        centre.say(codec.OUTBIND, 5, b"centre\0secret\0")

        assert await centre.hear() == (codec.GENERIC_NACK, codec.ESME_RINVCMDID, 5, b"")
        centre.say(codec.ALERT_NOTIFICATION, 6, b"\1\1123\0\1\1456\0")
        assert (await client.hear())[0] == codec.ALERT_NOTIFICATION


async def test_requests_before_the_bind_are_refused() -> None:
    async with raw_relay() as relay:
        client = await relay.client()
        client.say(SUBMIT, 1, TEXT)

        assert await client.hear() == (SUBMIT | R, codec.ESME_RINVBNDSTS, 1, b"")


async def test_without_a_message_centre_the_bind_fails() -> None:
    async with raw_relay(upstream="127.0.0.1:1") as relay:
        client = await relay.client()
        client.say(codec.BIND_TRANSMITTER, 1, BIND)

        answer = (codec.BIND_TRANSMITTER | R, codec.ESME_RBINDFAIL, 1, b"")
        assert await client.hear() == answer
        assert await client.hear_end() == b""


async def test_a_nack_reaches_whoever_sent_the_request() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.say(codec.QUERY_SM, 77, b"id\0\0\0\0")
        _, _, sequence, _ = await centre.hear()
        centre.say(codec.GENERIC_NACK, sequence, status=codec.ESME_RINVCMDID)

        assert await client.hear() == (codec.GENERIC_NACK, codec.ESME_RINVCMDID, 77, b"")


async def test_a_response_to_nothing_is_counted_and_goes_nowhere() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        centre.say(SUBMIT | R, 999, b"id\0")
        centre.say(codec.ENQUIRE_LINK, 1)

        assert await centre.hear() == (codec.ENQUIRE_LINK | R, 0, 1, b"")
        client.say(codec.ENQUIRE_LINK, 2)
        assert await client.hear() == (codec.ENQUIRE_LINK | R, 0, 2, b"")
        kind = {"kind": "unexpected_response"}
        assert relay.counted("fanzha_adapter_peer_faults_total", **kind) == 1


async def test_unbind_comes_after_what_was_sent_before_it() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        client.say(SUBMIT, 2, TEXT)
        client.say(codec.UNBIND, 3)
        commands = [(await centre.hear())[0:3:2] for _ in range(2)]
        for command, sequence in commands:
            centre.say(command | R, sequence, b"id\0" if command == SUBMIT else b"")

        assert [command for command, _ in commands] == [SUBMIT, codec.UNBIND]
        assert [(await client.hear())[0] for _ in range(2)] == [SUBMIT | R, codec.UNBIND | R]
        assert await client.hear_end() == b""


async def test_silent_peers_are_asked_whether_they_live_and_leave_if_they_do_not() -> None:
    async with raw_relay(keepalive_seconds=0.1, response_seconds=2.0) as relay:
        client, centre = await relay.bound()
        asked = await client.hear()
        assert asked[0] == codec.ENQUIRE_LINK
        client.say(codec.ENQUIRE_LINK | R, asked[2])
        assert (await centre.hear())[0] == codec.ENQUIRE_LINK

        await client.hear_end()
        await centre.hear_end()

        assert relay.counted("fanzha_relay_session_ends_total", reason="no_response") == 1


async def test_what_a_client_sent_before_it_left_still_arrives() -> None:
    async with raw_relay() as relay:
        client, centre = await relay.bound()
        for sequence in range(20):
            client.say(SUBMIT, sequence, TEXT)
        await client.close()

        heard = [await centre.hear() for _ in range(20)]
        assert [body for *_, body in heard] == [TEXT] * 20


async def test_a_client_beyond_the_limit_is_turned_away() -> None:
    async with raw_relay(max_sessions=1) as relay:
        await relay.bound()
        second = await relay.client()

        assert await second.hear_end() == b""


async def test_a_part_whose_rest_never_comes_goes_on() -> None:
    async with raw_relay(segment_hold_ms=50) as relay:
        client, centre = await relay.bound()
        client.say(SUBMIT, 1, part(1))
        client.say(SUBMIT, 2, TEXT)

        assert [(await centre.hear())[3] for _ in range(2)] == [part(1), TEXT]
        labels = {"direction": "submit", "result": "incomplete"}
        assert relay.counted("fanzha_relay_concatenated_total", **labels) == 1


async def test_without_a_service_the_fail_policy_decides() -> None:
    async with raw_relay(fail_policy="refuse", timeout_ms=50) as relay:
        client, centre = await relay.bound()
        client.say(SUBMIT, 1, TEXT)
        centre.say(DELIVER, 1, TEXT)

        assert await client.hear() == (SUBMIT | R, codec.ESME_RSUBMITFAIL, 1, b"")
        assert await centre.hear() == (DELIVER | R, codec.ESME_RX_R_APPN, 1, b"")


async def test_parts_leave_together_and_in_their_order() -> None:
    async with raw_relay(segment_hold_ms=20_000) as relay:
        client, centre = await relay.bound()
        for sequence, body in enumerate((part(1), TEXT, part(1, 3, 2), part(2), part(3, 3, 2))):
            client.say(SUBMIT, sequence, body)
        heard = [(await centre.hear())[3] for _ in range(2)]
        client.say(SUBMIT, 9, part(2, 3, 2))
        heard += [(await centre.hear())[3] for _ in range(4)]

        order = [part(1), TEXT, part(1, 3, 2), part(2), part(3, 3, 2), part(2, 3, 2)]
        assert heard == order
        labels = {"direction": "submit", "result": "whole"}
        assert relay.counted("fanzha_relay_concatenated_total", **labels) == 2


async def test_held_parts_have_an_end() -> None:
    async with raw_relay(segment_hold_ms=20_000, max_segments=4) as relay:
        client, centre = await relay.bound()
        for reference in range(8):
            client.say(SUBMIT, reference, part(1, 2, reference))

        assert [(await centre.hear())[3] for _ in range(4)] == [part(1, 2, n) for n in range(4)]
        client.say(codec.UNBIND, 99)
        rest = [(await centre.hear())[3] for _ in range(4)]
        assert rest == [part(1, 2, n) for n in range(4, 8)]


def certificate(folder: Path) -> tuple[str, str]:
    """Write a certificate for localhost, and its key; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(secret)
    return str(folder / "cert.pem"), str(folder / "key.pem")


async def test_both_sides_may_have_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    centre_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    centre_tls.load_cert_chain(cert, key)
    files: dict[str, Any] = {
        "tls_cert": cert,
        "tls_key": key,
        "upstream_ca": cert,
        "upstream_name": "localhost",
    }

    async with raw_relay(centre_tls=centre_tls, upstream_tls=True, **files) as relay:
        client, centre = await relay.bound(ssl.create_default_context(cafile=cert))
        client.say(SUBMIT, 1, TEXT)

        assert (await centre.hear())[3] == TEXT


async def test_a_message_centre_that_cannot_be_trusted_gets_no_credentials(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    centre_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    centre_tls.load_cert_chain(cert, key)

    async with raw_relay(centre_tls=centre_tls, upstream_tls=True) as relay:
        client = await relay.client()
        client.say(codec.BIND_TRANSCEIVER, 1, BIND)

        assert (await client.hear())[1] == codec.ESME_RBINDFAIL
        assert relay.accepted.empty()
