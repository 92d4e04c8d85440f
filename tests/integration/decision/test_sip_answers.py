"""Answers to blocked calls, parsed and relayed by a real Kamailio."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fanzha.decisions import Reason
from services.decision.protocol_answer.model import SipAnswer
from services.decision.protocol_answer.redress import Redress
from services.decision.protocol_answer.sip import SipResponses
from tests.support.external_servers import datagram_reply, program, started
from tests.support.processes import PATIENCE_SECONDS
from tests.support.reserved_ports import reserved_port

DECISION = 7_355_608_123_456
CARD = "https://appeal.example/cards/1.jws?a=b"
FULL = Redress(
    url="https://appeal.example/a?b=c&e=%E4", tel="+861060000000", email="appeal@carrier.example"
)
CONFIGURATION = """
children=1
disable_tcp=yes
listen=udp:127.0.0.1:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
request_route {{
    if (method == "OPTIONS") {{ sl_send_reply("200", "OK"); exit; }}
    if (method == "ACK") {{ t_check_trans(); exit; }}
    t_on_reply("READ");
    t_relay_to_udp("127.0.0.1", "{next_hop}");
}}
onreply_route[READ] {{
    append_hf("X-Status: $rs $rr\\r\\n");
    append_hf("X-Protocol: $(hdr(Reason){{s.select,0,;}})\\r\\n");
    append_hf("X-Cause: $(hdr(Reason){{param.value,cause}})\\r\\n");
    append_hf("X-Location: $(hdr(Reason){{param.value,location}})\\r\\n");
    append_hf("X-Text: $(hdr(Reason){{param.value,text}})\\r\\n");
    append_hf("X-Url: $(hdr(Reason){{param.value,text}}{{param.value,url}})\\r\\n");
    append_hf("X-Tel: $(hdr(Reason){{param.value,text}}{{param.value,tel}})\\r\\n");
    append_hf("X-Email: $(hdr(Reason){{param.value,text}}{{param.value,email}})\\r\\n");
    append_hf("X-Id: $(hdr(Reason){{param.value,text}}{{param.value,id}})\\r\\n");
    append_hf("X-Card: $(hdr(Call-Info){{nameaddr.uri}})\\r\\n");
    append_hf("X-Purpose: $(hdr(Call-Info){{param.value,purpose}})\\r\\n");
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """An answer as the caller gets it, and what the proxy read of it."""

    line: str
    headers: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.headers[name]


class Proxy:
    """A proxy between a caller and the network that blocks; both are sockets of the test."""

    def __init__(self, port: int, blocking: socket.socket) -> None:
        self._address = ("127.0.0.1", port)
        self._blocking = blocking
        self._calls = 0

    def relay(self, answer: SipAnswer) -> Relayed:
        """Call through the proxy, and answer the call on the other side of it."""
        self._calls += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.settimeout(PATIENCE_SECONDS)
            caller.bind(("127.0.0.1", 0))
            caller.sendto(request("INVITE", caller.getsockname()[1], self._calls), self._address)
            self._blocking.sendto(response(self._invite(), answer), self._address)
            found = read(caller.recv(65535))
            # Who is slow gets a request or an answer twice; those of an earlier call come late.
            while found.line.startswith("SIP/2.0 1") or found["Call-ID"] != call_id(self._calls):
                found = read(caller.recv(65535))
            caller.sendto(request("ACK", caller.getsockname()[1], self._calls), self._address)
        return found

    def _invite(self) -> bytes:
        """Return this call as it reaches the network, nothing that belongs to an earlier one."""
        while True:
            message = self._blocking.recv(65535)
            if message.startswith(b"INVITE") and read(message)["Call-ID"] == call_id(self._calls):
                return message


def call_id(number: int) -> str:
    return f"{number}@carrier.test"


def request(method: str, port: int, number: int) -> bytes:
    lines = [
        f"{method} sip:+8619900000001@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{number}",
        f"From: <sip:+8617000000123@carrier.test>;tag={number}",
        "To: <sip:+8619900000001@carrier.test>" + (";tag=b" if method == "ACK" else ""),
        f"Call-ID: {call_id(number)}",
        f"CSeq: 1 {method}",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def response(invite: bytes, answer: SipAnswer) -> bytes:
    """Answer a request; the header lines are those of the answer, as they are."""
    remaining = [
        line + (";tag=b" if line.startswith("To:") else "")
        for line in invite.decode().split("\r\n")
        if re.match(r"(Via|From|To|Call-ID|CSeq):", line)
    ]
    headers = [f"{header.name}: {header.value}" for header in answer.headers]
    first = f"SIP/2.0 {answer.status} {answer.phrase}"
    return "\r\n".join([first, *remaining, *headers, "Content-Length: 0", "", ""]).encode()


def read(message: bytes) -> Relayed:
    line, *headers = message.decode().partition("\r\n\r\n")[0].split("\r\n")
    pairs = (header.partition(": ") for header in headers)
    return Relayed(line=line, headers={name: value for name, _, value in pairs})


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("kamailio")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as blocking:
        blocking.settimeout(PATIENCE_SECONDS)
        blocking.bind(("127.0.0.1", 0))
        with kamailio(folder, blocking.getsockname()[1]) as port:
            yield Proxy(port, blocking)


@contextmanager
def kamailio(folder: Path, next_hop: int) -> Iterator[int]:
    """Run a Kamailio that relays calls to *next_hop* and adds what it reads of the answers."""
    command, port = program("kamailio", package="kamailio"), reserved_port()
    file = folder / "kamailio.cfg"
    file.write_text(CONFIGURATION.format(port=port, next_hop=next_hop))
    arguments = ["-f", str(file), "-DD", "-E", "-m", "32", "-n", "1", "-Y", str(folder)]
    query = request("OPTIONS", 9, 0)
    with started([command, *arguments], folder, lambda: bool(datagram_reply(port, query))):
        yield port


def test_603_plus_reaches_the_caller_and_each_part_is_read(proxy: Proxy) -> None:
    """ATIS-1000099, section 4.1: status, phrase, and the text of the Reason header."""
    answer = SipResponses(redress=FULL).of(Reason.SCORED, DECISION)

    found = proxy.relay(answer)

    assert found.line == "SIP/2.0 603 Network Blocked"
    assert found["Reason"] == answer.headers[0].value
    assert found["X-Status"] == "603 Network Blocked"
    assert (found["X-Protocol"], found["X-Cause"]) == ("Q.850", "21")
    assert found["X-Location"] == "RLN"
    assert found["X-Text"].startswith("v=analytics1;")
    assert (found["X-Url"], found["X-Tel"]) == (FULL.url, FULL.tel)
    assert (found["X-Email"], found["X-Id"]) == (FULL.email, str(DECISION))


@pytest.mark.parametrize("location", ["U", "LPN", "LN", "TN", "RLN", "RPN", "INTL", "BI"])
def test_the_location_of_the_release_is_read(proxy: Proxy, location: str) -> None:
    """RFC 8606, section 4."""
    found = proxy.relay(SipResponses(location=location).of(Reason.SCORED, DECISION))

    assert (found["X-Location"], found["X-Cause"]) == (location, "21")


@pytest.mark.parametrize("reason", [Reason.IMPLAUSIBLE, Reason.FAILED_CLOSED])
def test_what_analytics_did_not_block_is_a_plain_603(proxy: Proxy, reason: Reason) -> None:
    """ATIS-1000099 defines 603+ for blocks by analytics alone."""
    found = proxy.relay(SipResponses(redress=FULL).of(reason, DECISION))

    assert found.line == "SIP/2.0 603 Decline"
    assert (found["X-Cause"], found["X-Text"]) == ("21", "")


def test_608_gives_the_address_of_the_jcard(proxy: Proxy) -> None:
    """RFC 8688, section 3.1."""
    found = proxy.relay(SipResponses(answer="608", jcard_url=CARD).of(Reason.SCORED, DECISION))

    assert found.line == "SIP/2.0 608 Rejected"
    assert (found["X-Card"], found["X-Purpose"]) == (CARD, "jwscard")
    assert (found["X-Protocol"], found["X-Cause"]) == ("Q.850", "21")


@pytest.mark.parametrize(("answer", "line"), [("603", "603 Decline"), ("607", "607 Unwanted")])
def test_plain_answers_name_the_cause_alone(proxy: Proxy, answer: str, line: str) -> None:
    """RFC 3261, section 21.6.2; RFC 8197; RFC 6432."""
    found = proxy.relay(SipResponses(answer=answer, redress=FULL).of(Reason.SCORED, DECISION))

    assert found.line == f"SIP/2.0 {line}"
    assert found["Reason"] == "Q.850;cause=21;location=RLN"
