"""What secondaries and strangers are answered, read by dnspython."""

import base64
import random
import struct
import time
from collections.abc import Iterable
from pathlib import Path

import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import dns.versioned
import dns.xfr
import dns.zone
import pytest

from fanzha.edge.sorted_lines import SortedLines
from integrations.dns import tsig
from integrations.dns.codec import ZoneCodec
from integrations.dns.metrics import DnsMetrics
from integrations.dns.responder import ZoneResponder
from integrations.dns.zone import PolicyZone
from tests.support.damaged_dns import damaged
from tests.support.policy_zone import SECRET
from tests.unit.integrations.dns.conftest import NOW_S, Host

KEY_NAME = dns.name.from_text("edge")
KEY = dns.tsig.Key(KEY_NAME, base64.b64decode(SECRET), dns.tsig.HMAC_SHA256)
LOOPBACK, STRANGER = "127.0.0.1", "203.0.113.9"


def responder(zone: PolicyZone) -> ZoneResponder:
    codec = ZoneCodec(zone="rpz.fanzha", block_page="page.example")
    return ZoneResponder(
        zone, codec, DnsMetrics(), keys={KEY_NAME: KEY}, unsigned_peers="127.0.0.0/8,::1/128"
    )


def asked(
    zone: PolicyZone, query: dns.message.Message, peer: str = LOOPBACK, *, stream: bool = True
) -> list[bytes]:
    return list(responder(zone).respond(query.to_wire(), peer, stream=stream))


def code_of(answers: Iterable[bytes]) -> str:
    (answer,) = answers
    return dns.rcode.to_text(dns.rcode.Rcode(answer[3] & 15))


def transfer(
    zone: PolicyZone, target: dns.versioned.Zone, *, key: dns.tsig.Key | None = None
) -> None:
    """Take the zone over as a secondary does, by differences where it has a serial."""
    query, serial = dns.xfr.make_query(target, keyring=key, keyname=key.name if key else None)
    kind = query.question[0].rdtype
    wire = query.to_wire()
    context = None
    with dns.xfr.Inbound(target, kind, serial) as inbound:
        done = False
        for answer in responder(zone).respond(wire, STRANGER if key else LOOPBACK, stream=True):
            assert not done
            message = dns.message.from_wire(
                answer,
                keyring=key,
                request_mac=query.mac or b"",
                xfr=True,
                origin=target.origin,
                tsig_ctx=context,
                multi=True,
                one_rr_per_rrset=kind == dns.rdatatype.IXFR,
            )
            context = message.tsig_ctx
            done = inbound.process_message(message)
        assert done


def secondary() -> dns.versioned.Zone:
    return dns.versioned.Zone("rpz.fanzha")


def names_in(target: dns.zone.Zone) -> set[str]:
    return {str(name) for name in target.nodes if str(name) not in {"@", "*"}}


def test_a_whole_transfer_has_all_names(zone: PolicyZone) -> None:
    target = secondary()

    transfer(zone, target)

    assert names_in(target) == {"bank.example", "*.bank.example", "shop.example", "*.shop.example"}
    assert target.get_soa().serial == 7


@pytest.mark.parametrize("key", [None, KEY])
def test_differences_make_the_same_zone_as_a_whole_transfer(
    zone: PolicyZone, host: Host, key: dns.tsig.Key | None
) -> None:
    stays, comes_late = secondary(), secondary()
    transfer(zone, stays, key=key)
    lines = SortedLines.of([host("bank.example"), host("ok.deep.bank.example", "allow")])
    zone.advance(lines, ["ok.deep.bank.example"], 8, NOW_S)
    zone.advance(lines, ["shop.example"], 9, NOW_S)

    transfer(zone, stays, key=key)
    transfer(zone, comes_late, key=key)

    assert stays == comes_late
    assert stays.get_soa().serial == 9
    assert "*.deep.bank.example" in names_in(stays)
    assert "shop.example" not in names_in(stays)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_long_zone_comes_in_many_messages(
    zone: PolicyZone, host: Host, key: dns.tsig.Key | None
) -> None:
    zone.begin(SortedLines.of(host(f"n{number}.example") for number in range(1200)), 9, NOW_S)
    target = secondary()

    transfer(zone, target, key=key)

    assert len(names_in(target)) == 2400


def test_a_secondary_beyond_the_journal_gets_the_whole_zone(zone: PolicyZone, host: Host) -> None:
    target = secondary()
    transfer(zone, target)
    zone.begin(SortedLines.of([host("anew.example")]), 20, NOW_S)

    transfer(zone, target)

    assert names_in(target) == {"anew.example", "*.anew.example"}


def test_who_is_up_to_date_gets_the_serial_alone(zone: PolicyZone) -> None:
    target = secondary()
    transfer(zone, target)

    transfer(zone, target)

    assert target.get_soa().serial == 7


def test_over_udp_differences_are_left_to_tcp(zone: PolicyZone) -> None:
    query = dns.message.make_query("rpz.fanzha", dns.rdatatype.IXFR)
    query.authority.append(
        dns.rrset.from_text("rpz.fanzha.", 60, "IN", "SOA", "localhost. h.localhost. 1 1 1 1 1")
    )

    (answer,) = asked(zone, query, stream=False)

    read = dns.message.from_wire(answer)
    assert [one.rdtype for one in read.answer] == [dns.rdatatype.SOA]
    assert len(answer) <= 512


@pytest.mark.parametrize(
    ("name", "kind", "stream", "code"),
    [
        ("rpz.fanzha", "SOA", False, "NOERROR"),
        ("RPZ.Fanzha", "SOA", False, "NOERROR"),
        ("rpz.fanzha", "NS", False, "NOERROR"),
        ("rpz.fanzha", "A", False, "REFUSED"),
        ("bank.example.rpz.fanzha", "CNAME", False, "REFUSED"),
        ("rpz.fanzha", "AXFR", False, "REFUSED"),
        ("other.example", "AXFR", True, "NOTAUTH"),
        ("other.example", "SOA", True, "REFUSED"),
        ("rpz.fanzha", "IXFR", True, "FORMERR"),
        ("rpz.fanzha", "ANY", True, "REFUSED"),
    ],
)
def test_questions_have_the_answer_of_the_protocol(
    zone: PolicyZone, name: str, kind: str, *, stream: bool, code: str
) -> None:
    assert code_of(asked(zone, dns.message.make_query(name, kind), stream=stream)) == code


def test_who_does_not_sign_is_refused_unless_its_network_may(zone: PolicyZone) -> None:
    query = dns.message.make_query("rpz.fanzha", dns.rdatatype.AXFR)

    assert code_of(asked(zone, query, STRANGER)) == "REFUSED"
    assert code_of(asked(zone, query, "2001:db8::1")) == "REFUSED"
    assert code_of(asked(zone, query, LOOPBACK)) == "NOERROR"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (dns.tsig.Key(dns.name.from_text("other"), b"0" * 32, dns.tsig.HMAC_SHA256), tsig.BAD_KEY),
        (dns.tsig.Key(KEY_NAME, b"0" * 32, dns.tsig.HMAC_SHA256), tsig.BAD_SIGNATURE),
    ],
)
def test_a_signature_that_does_not_hold_is_not_authentic(
    zone: PolicyZone, key: dns.tsig.Key, why: int
) -> None:
    query = dns.message.make_query("rpz.fanzha", dns.rdatatype.AXFR)
    query.use_tsig(key)

    (answer,) = asked(zone, query)

    read = dns.message.from_wire(answer, keyring=False)
    assert read.rcode() == dns.rcode.NOTAUTH
    assert read.tsig is not None
    assert (read.tsig[0].error, read.tsig[0].mac) == (why, b"")


def test_an_old_signature_is_told_our_time(zone: PolicyZone) -> None:
    query = dns.message.make_query("rpz.fanzha", dns.rdatatype.SOA)
    signer = tsig.Signer(KEY, query.id, b"", now_s=lambda: time.time() - 1000)

    (answer,) = responder(zone).respond(signer.sign(query.to_wire()), STRANGER, stream=False)

    read = dns.message.from_wire(answer, keyring=False)
    assert read.rcode() == dns.rcode.NOTAUTH
    assert read.tsig is not None
    assert read.tsig[0].error == tsig.BAD_TIME
    assert read.tsig[0].mac


def test_only_questions_are_answered(zone: PolicyZone) -> None:
    answer = dns.message.make_response(dns.message.make_query("rpz.fanzha", "SOA"))
    update = dns.update.Update("rpz.fanzha")
    notification = dns.message.make_query("rpz.fanzha", "SOA")
    notification.set_opcode(dns.opcode.NOTIFY)

    assert asked(zone, answer) == []
    assert list(responder(zone).respond(b"\0" * 11, LOOPBACK, stream=True)) == []
    assert code_of(asked(zone, update)) == "NOTIMP"
    assert code_of(asked(zone, notification)) == "NOTIMP"


def test_what_cannot_be_read_is_a_format_error(zone: PolicyZone) -> None:
    broken = struct.pack(">6H", 7, 0, 1, 0, 0, 0) + b"\x3f"
    without = struct.pack(">6H", 7, 0, 0, 0, 0, 0)

    for wire in (broken, without):
        (answer,) = responder(zone).respond(wire, LOOPBACK, stream=True)
        assert answer[:2] == wire[:2]
        assert code_of([answer]) == "FORMERR"


def test_a_zone_without_a_copy_is_a_server_failure(zone: PolicyZone) -> None:
    zone.current = None

    assert code_of(asked(zone, dns.message.make_query("rpz.fanzha", "SOA"))) == "SERVFAIL"


def test_damaged_messages_end_nothing(zone: PolicyZone) -> None:
    answering = responder(zone)

    for wire in damaged(random.Random(5), 3000):
        for message in answering.respond(wire, STRANGER, stream=True):
            assert message[:2] == wire[:2]
            assert message[2] & 0x80


@pytest.mark.parametrize(
    "text", ["edge", "edge !!!", "edge c2hvcnQ=", "a..b c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="]
)
def test_bad_keys_are_named_by_their_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# keys\n\n{text}\n")

    with pytest.raises(tsig.BadKeys, match=":3: "):
        tsig.read_keys(file)
