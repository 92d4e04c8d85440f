"""DNS messages as no peer should send them."""

import base64
from collections.abc import Iterator
from random import Random

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.tsig

from tests.support.policy_zone import SECRET


def whole_messages() -> list[bytes]:
    """Return questions of secondaries, signed and not."""
    key = dns.tsig.Key(dns.name.from_text("edge"), base64.b64decode(SECRET), dns.tsig.HMAC_SHA256)
    wires = []
    for kind in (dns.rdatatype.SOA, dns.rdatatype.AXFR, dns.rdatatype.IXFR):
        for signed in (False, True):
            query = dns.message.make_query("rpz.fanzha", kind, use_edns=0)
            if kind == dns.rdatatype.IXFR:
                data = "localhost. h.localhost. 5 1 1 1 1"
                query.authority.append(dns.rrset.from_text("rpz.fanzha.", 60, "IN", "SOA", data))
            if signed:
                query.use_tsig(key)
            wires.append(query.to_wire())
    return wires


def damaged(random: Random, count: int) -> Iterator[bytes]:
    """Return messages with changed, missing, repeated and invented bytes."""
    whole = whole_messages()
    for _ in range(count):
        wire = bytearray(random.choice(whole))
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(wire) or 1)
            damage = random.randrange(5)
            if damage == 0:
                wire[at : at + 1] = bytes((random.randrange(256),))
            elif damage == 1:
                del wire[at : at + random.randint(1, 12)]
            elif damage == 2:
                wire[at:at] = random.randbytes(random.randint(1, 12))
            elif damage == 3:
                wire[at:at] = b"\xc0" + bytes((random.randrange(256),))
            else:
                wire[at:at] = wire[: random.randint(0, 40)]
        yield bytes(wire)
