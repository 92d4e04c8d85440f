"""The three kinds of traffic, as the methods that decide on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fanzha.client._options import Options
from fanzha.v1 import interception_pb2 as pb

Row = TypeVar("Row", pb.Call, pb.Text, pb.Link)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKind(Generic[Row]):
    """Row type, method and request of one kind of traffic."""

    row: type[Row]
    method: str
    request_of: Callable[[Sequence[Row], Options], Any]


CALLS: RequestKind[pb.Call] = RequestKind(
    row=pb.Call,
    method="DecideCalls",
    request_of=lambda rows, options: pb.DecideCallsRequest(
        calls=rows, with_protocol_answer=options.with_protocol_answer, dry_run=options.dry_run
    ),
)
TEXTS: RequestKind[pb.Text] = RequestKind(
    row=pb.Text,
    method="DecideTexts",
    request_of=lambda rows, options: pb.DecideTextsRequest(
        texts=rows, with_protocol_answer=options.with_protocol_answer, dry_run=options.dry_run
    ),
)
LINKS: RequestKind[pb.Link] = RequestKind(
    row=pb.Link,
    method="DecideLinks",
    request_of=lambda rows, options: pb.DecideLinksRequest(
        links=rows, with_protocol_answer=options.with_protocol_answer, dry_run=options.dry_run
    ),
)
