"""Protocol answers as messages."""

from fanzha.v1 import protocol_answer_pb2 as pb
from services.decision.protocol_answer.model import (
    HttpAnswer,
    ProtocolAnswer,
    ProtocolHeader,
    RpzAnswer,
    SipAnswer,
    SmppAnswer,
)


def protocol_message(answer: ProtocolAnswer) -> pb.ProtocolAnswer:
    """Return the message of an answer."""
    return pb.ProtocolAnswer(
        sip=_sip(answer.sip),
        isup_cause=answer.isup_cause,
        label=answer.label,
        smpp=_smpp(answer.smpp),
        rpz=_rpz(answer.rpz),
        http=_http(answer.http),
    )


def _sip(sip: SipAnswer | None) -> pb.SipAnswer | None:
    if sip is None:
        return None
    return pb.SipAnswer(status=sip.status, phrase=sip.phrase, headers=_headers(sip.headers))


def _smpp(smpp: SmppAnswer | None) -> pb.SmppAnswer | None:
    if smpp is None:
        return None
    return pb.SmppAnswer(submit_status=smpp.submit_status, deliver_status=smpp.deliver_status)


def _rpz(rpz: RpzAnswer | None) -> pb.RpzAnswer | None:
    if rpz is None:
        return None
    return pb.RpzAnswer(owner=rpz.owner, rdata=rpz.rdata, ttl=rpz.ttl)


def _http(http: HttpAnswer | None) -> pb.HttpAnswer | None:
    if http is None:
        return None
    return pb.HttpAnswer(status=http.status, headers=_headers(http.headers), body=http.body)


def _headers(headers: tuple[ProtocolHeader, ...]) -> list[pb.ProtocolHeader]:
    return [pb.ProtocolHeader(name=header.name, value=header.value) for header in headers]
