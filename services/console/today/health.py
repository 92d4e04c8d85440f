"""How the service is: lists and their age on each worker, models, disk, appeals, warnings."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.v1 import access_pb2, appeal_pb2, blocklist_pb2, model_pb2, warning_control_pb2
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest

_SECONDS = 10.0
_QUESTIONS: Mapping[str, tuple[str, Any]] = {
    "lists": ("BlocklistService/GetStatus", blocklist_pb2.GetStatusRequest()),
    "models": ("ModelService/ListModels", model_pb2.ListModelsRequest()),
    "server": ("AccessService/DescribeServer", access_pb2.DescribeServerRequest()),
    "appeals": ("AppealService/ListAppeals", appeal_pb2.ListAppealsRequest(page_size=1)),
    "warnings": (
        "WarningControlService/GetWarningSwitch",
        warning_control_pb2.GetWarningSwitchRequest(),
    ),
}
LOW_DISK = 0.1
"""Below this free part of the disk, somebody should look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """Answers by the name of what was asked; absent where the roles may not ask."""

    answers: Mapping[str, Any]
    faults: Mapping[str, str]
    """Why an answer is missing, by the same names."""

    @property
    def newest_version(self) -> int:
        """Version of the lists in the store."""
        lists = self.answers.get("lists")
        return int(lists.version) if lists is not None else 0

    @property
    def workers_behind(self) -> Sequence[str]:
        """Workers whose lists are older than the store's."""
        lists = self.answers.get("lists")
        workers = lists.workers if lists is not None else ()
        return [one.worker for one in workers if one.list_version < self.newest_version]

    @property
    def entries(self) -> int:
        """Entries that decide, expired ones included."""
        lists = self.answers.get("lists")
        enforcing = blocklist_pb2.ENTRY_MODE_ENFORCE
        counts = lists.counts if lists is not None else ()
        return sum(one.entries for one in counts if one.mode == enforcing)

    @property
    def disk_is_low(self) -> bool:
        """Whether the disk of the data folder is nearly full."""
        server = self.answers.get("server")
        if server is None or not server.disk_bytes:
            return False
        return bool(server.disk_free_bytes < server.disk_bytes * LOW_DISK)


async def of(visit: PageRequest) -> ServiceHealth:
    """Ask all that the reader may ask, at once."""
    asked = {name: one for name, one in _QUESTIONS.items() if visit.may(one[0])}
    found = await asyncio.gather(
        *(
            visit.calls.unary(method, request, deadline_seconds=_SECONDS)
            for method, request in asked.values()
        ),
        return_exceptions=True,
    )
    answers, faults = {}, {}
    for name, answer in zip(asked, found, strict=True):
        if isinstance(answer, BackendFault):
            faults[name] = answer.message
        elif isinstance(answer, BaseException):
            raise answer
        else:
            answers[name] = answer
    return ServiceHealth(answers=answers, faults=faults)
