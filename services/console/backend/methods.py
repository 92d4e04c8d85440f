"""The methods of the service that pages call, by path, with the messages that they take and give.

A path is as in `services.auth.roles`: ``/fanzha.v1.CaseService/GetCase``.
"""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from google.protobuf import message_factory

from fanzha import v1


class BackendServer(StrEnum):
    """Servers of the service, by the names that `DescribeServer` gives them."""

    DECISIONS = "decisions"
    ADMINISTRATION = "administration"
    WARNINGS = "warnings"


_ELSEWHERE = {
    "fanzha.v1.InterceptionService": BackendServer.DECISIONS,
    "fanzha.v1.FeedbackService": BackendServer.DECISIONS,
    "fanzha.v1.WarningService": BackendServer.WARNINGS,
    "fanzha.v1.CaseService": BackendServer.WARNINGS,
}
"""Services that are not on the port of administration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendMethod:
    """One method."""

    path: str
    server: BackendServer
    answer: Any
    """The class of its answer."""
    streams: bool
    """Whether it answers with a stream."""


@cache
def methods() -> Mapping[str, BackendMethod]:
    """Return all methods by path."""
    found: dict[str, BackendMethod] = {}
    for module in pkgutil.iter_modules(v1.__path__, f"{v1.__name__}."):
        if module.name.endswith("_pb2"):
            services = import_module(module.name).DESCRIPTOR.services_by_name
            for service in services.values():
                for method in service.methods:
                    path = f"/{service.full_name}/{method.name}"
                    found[path] = BackendMethod(
                        path=path,
                        server=_ELSEWHERE.get(service.full_name, BackendServer.ADMINISTRATION),
                        answer=message_factory.GetMessageClass(method.output_type),
                        streams=method.server_streaming,
                    )
    return found


def path_of(method: str) -> str:
    """Return the path of ``CaseService/GetCase``; `KeyError` where there is none."""
    path = f"/fanzha.v1.{method}"
    return methods()[path].path
