"""One request of each method as a client sends it; each row must get a decision.

The load itself checks statuses only; the probe detects a server that answers without deciding.
"""

from collections.abc import Iterable
from typing import Any

import grpc

from benchmarks.load.traffic import Body
from fanzha.v1 import interception_pb2 as pb

SECONDS = 30.0


def probe(target: str, bodies: Iterable[Body], token: str = "") -> None:
    """Send one request of each method; raise `RuntimeError` when an answer lacks rows."""
    shown = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(target) as channel:
        for body in {body.path: body for body in bodies}.values():
            ask: Any = channel.unary_unary(body.path)
            try:
                answer = ask(body.data[5:], timeout=SECONDS, metadata=shown)
            except grpc.RpcError as error:
                raise RuntimeError(f"{body.path}: {error.code().name}: {error.details()}") from None
            decided = _rows(body, answer)
            if decided != len(body.rows):
                raise RuntimeError(f"{body.path}: {len(body.rows)} rows sent, {decided} decided")


def _rows(body: Body, answer: bytes) -> int:
    name = f"Decide{body.channel.capitalize()}"
    if len(body.rows) > 1:
        return len(getattr(pb, f"{name}sResponse").FromString(answer).decisions.actions)
    return int(getattr(pb, f"{name}Response").FromString(answer).HasField("decision"))
