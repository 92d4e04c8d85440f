"""Turns the rows of a table into requests, channel by channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fanzha.v1 import interception_pb2 as pb
from services.cli._common.enum_words import LazyTable
from services.cli._common.files import OpenTable, Row, column

ANONYMOUS = "anonymous"
"""Stands for a sender or caller that a file does not name."""
UNKNOWN_CALLER = "+8617000000000"
"""Stands for a receiver or callee that a file does not name; this number is not given out."""

_INGRESS = LazyTable(
    lambda: {name.removeprefix("INGRESS_").lower(): number for name, number in pb.Ingress.items()}
)
_ATTESTATION = LazyTable(
    lambda: {
        "a": pb.ATTESTATION_FULL,
        "b": pb.ATTESTATION_PARTIAL,
        "c": pb.ATTESTATION_GATEWAY,
        "failed": pb.ATTESTATION_FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTraffic:
    """Requests of one channel."""

    request: Callable[[list[Any]], Any]
    """Makes a batch request of messages."""
    method: str
    """Name of the batch method of the stub."""
    message: Callable[[Row], Any]
    """Makes a message of a row."""
    receivers: str = "-"
    """The column of who is called or written to; empty where the file has none."""


def calls(table: OpenTable, *, unnamed: str = UNKNOWN_CALLER) -> ChannelTraffic:
    """Read calls: caller, callee, and optionally the other fields of calls, time in ms.

    *unnamed* stands for a callee that the file does not name.
    """
    caller = column(table.columns, "caller", "from", "number")
    callee = column(table.columns, "callee", "to")
    time = column(table.columns, "attempted_at_ms", "time_ms")
    return ChannelTraffic(
        request=lambda rows: pb.DecideCallsRequest(calls=rows),
        method="DecideCalls",
        receivers=callee,
        message=lambda row: pb.Call(
            caller=row.get(caller) or ANONYMOUS,
            callee=row.get(callee) or unnamed,
            attempted_at_ms=int(row.get(time) or 0),
            ingress=ingress(row.get("ingress", "")),
            attestation=attestation(row.get("attestation", "")),
            trunk=row.get("trunk", ""),
            handset=row.get("handset", ""),
            location_area=row.get("location_area", ""),
        ),
    )


def texts(table: OpenTable, *, unnamed: str = UNKNOWN_CALLER) -> ChannelTraffic:
    """Read texts: text, and optionally sender, receiver, time (ms), ingress, trunk.

    *unnamed* stands for a receiver that the file does not name.
    """
    body = column(table.columns, "text", "body", "message", "content")
    sender = column(table.columns, "sender", "from")
    receiver = column(table.columns, "receiver", "to")
    time = column(table.columns, "submitted_at_ms", "time_ms")
    return ChannelTraffic(
        request=lambda rows: pb.DecideTextsRequest(texts=rows),
        method="DecideTexts",
        receivers=receiver,
        message=lambda row: pb.Text(
            sender=row.get(sender) or ANONYMOUS,
            receiver=row.get(receiver) or unnamed,
            body=row.get(body, ""),
            submitted_at_ms=int(row.get(time) or 0),
            ingress=ingress(row.get("ingress", "")),
            trunk=row.get("trunk", ""),
        ),
    )


def links(table: OpenTable, *, unnamed: str = "") -> ChannelTraffic:  # noqa: ARG001 - as above
    """Read links: url or domain, and optionally subscriber, time (ms), facts on the host."""
    url = column(table.columns, "url", "domain", "host", "link")
    time = column(table.columns, "requested_at_ms", "time_ms")
    return ChannelTraffic(
        request=lambda rows: pb.DecideLinksRequest(links=rows),
        method="DecideLinks",
        message=lambda row: pb.Link(
            url=row.get(url, ""),
            subscriber=row.get("subscriber", ""),
            requested_at_ms=int(row.get(time) or 0),
            domain_age_days=_fact(row, "domain_age_days"),
            first_seen_days=_fact(row, "first_seen_days"),
            popularity_rank=_fact(row, "popularity_rank"),
        ),
    )


def _fact(row: Row, name: str) -> int | None:
    """Read a fact on a link's domain; None where the file has none, which 0 is not."""
    written = row.get(name)
    return int(written) if written else None


def ingress(word: str) -> pb.Ingress.ValueType:
    """Read ``local``, ``interconnect``, ``international``; anything else is not known."""
    return pb.Ingress.ValueType(_INGRESS.get(word.lower(), 0))


def attestation(word: str) -> pb.Attestation.ValueType:
    """Read ``A``, ``B``, ``C``, ``failed``; anything else is none."""
    return pb.Attestation.ValueType(_ATTESTATION.get(word.lower(), 0))
