"""The protocol answer of a decision, as a person reads it: `fanzha check --protocol`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fanzha.v1 import decision_pb2, protocol_answer_pb2
from services.cli._common.console import out


def as_words(decision: decision_pb2.Decision) -> dict[str, Any]:
    """Return the protocol answer as JSON; nothing without one."""
    if not decision.HasField("protocol_answer"):
        return {}
    answer = decision.protocol_answer
    words: dict[str, Any] = {}
    if answer.HasField("sip"):
        sip = answer.sip
        words["sip"] = {"status": sip.status, "phrase": sip.phrase, **_headers(sip.headers)}
        words["isup_cause"] = answer.isup_cause
    if answer.label:
        words["label"] = answer.label
    if answer.HasField("smpp"):
        submit, deliver = answer.smpp.submit_status, answer.smpp.deliver_status
        words["smpp"] = {"submit_status": submit, "deliver_status": deliver}
    if answer.HasField("rpz"):
        rpz = answer.rpz
        words["rpz"] = {"owner": rpz.owner, "rdata": rpz.rdata, "ttl": rpz.ttl}
    if answer.HasField("http"):
        http = answer.http
        words["http"] = {"status": http.status, **_headers(http.headers), "body": http.body}
    return {"protocol_answer": words}


def show(decision: decision_pb2.Decision) -> None:
    """Print the protocol answer as it goes over the wire; nothing without one."""
    if decision.HasField("protocol_answer"):
        for line in _lines(decision.protocol_answer):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _lines(answer: protocol_answer_pb2.ProtocolAnswer) -> Iterator[str]:
    if answer.HasField("sip"):
        yield f"SIP/2.0 {answer.sip.status} {answer.sip.phrase}"
        yield from _header_lines(answer.sip.headers)
        yield f"ISUP REL, cause {answer.isup_cause}"
    if answer.label:
        yield f"Label: {answer.label}"
    if answer.HasField("smpp"):
        smpp = answer.smpp
        yield f"SMPP submit_sm_resp command_status 0x{smpp.submit_status:08X}"
        yield f"SMPP deliver_sm_resp command_status 0x{smpp.deliver_status:08X}"
    if answer.HasField("rpz"):
        yield f"RPZ {answer.rpz.owner} {answer.rpz.ttl} IN {answer.rpz.rdata}"
    if answer.HasField("http"):
        yield f"HTTP {answer.http.status}"
        yield from _header_lines(answer.http.headers)
        yield f"and a block page of {len(answer.http.body.encode())} bytes (--json shows it)"


def _headers(headers: Iterable[protocol_answer_pb2.ProtocolHeader]) -> dict[str, Any]:
    return {"headers": {header.name: header.value for header in headers}}


def _header_lines(headers: Iterable[protocol_answer_pb2.ProtocolHeader]) -> Iterator[str]:
    return (f"{header.name}: {header.value}" for header in headers)
