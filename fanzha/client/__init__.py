"""The client that integrators import: needs grpcio and protobuf, and nothing else of ours.

    from fanzha.client import Call, Client

    with Client("10.0.0.1:7361,10.0.0.2:7361") as client:
        if client.decide_call(Call(caller="+8617000000001", callee="+8619900000001")).blocked:
            ...

`AsyncClient` is the same for asyncio. Single decisions requested at the same time
travel together; every request has a deadline; when no answer comes in time, the answer is
to let the traffic through, and says so.

`ListMirror` keeps a copy of the lists, for what decides without asking.
"""

from fanzha.client._answers import Answer, Answers
from fanzha.client._asynchronous import AsyncClient
from fanzha.client._blocking import Client
from fanzha.client._counters import Counters
from fanzha.client._failures import RequestFailed
from fanzha.client._mirror import ListMirror, MirrorChange, MirrorMismatch
from fanzha.client._mirror_file import DamagedMirror, MirroredLists
from fanzha.client._options import Options
from fanzha.client._status_details import (
    localized_message,
    unconfirmed_replacements,
    unconfirmed_risks,
    version_conflict,
)
from fanzha.client.login import Login, LoginError
from fanzha.v1.feedback_pb2 import CallEnd
from fanzha.v1.interception_pb2 import Call, Link, Text
from fanzha.v1.protocol_answer_pb2 import ProtocolAnswer

__all__ = [
    "Answer",
    "Answers",
    "AsyncClient",
    "Call",
    "CallEnd",
    "Client",
    "Counters",
    "DamagedMirror",
    "Link",
    "ListMirror",
    "Login",
    "LoginError",
    "MirrorChange",
    "MirrorMismatch",
    "MirroredLists",
    "Options",
    "ProtocolAnswer",
    "RequestFailed",
    "Text",
    "localized_message",
    "unconfirmed_replacements",
    "unconfirmed_risks",
    "version_conflict",
]
