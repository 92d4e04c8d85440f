"""Where the subjects of audit records lead to: the pages about what there is."""

import asyncio
from collections.abc import Sequence

from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import change_pb2
from services.console.audit.kinds import page_of
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest

_GET_CHANGE = "ChangeService/GetChange"
_SUBMITTED, _REFUSED = "request_submitted", "refused"


async def of(visit: PageRequest, found: Sequence[pb.AuditRecord]) -> dict[str, str]:
    """Return the paths of the pages about subjects, but for those that there are not.

    A change that was refused as it was applied is on record, and was never stored: where nothing
    else is told of a change here, or a refusal, the server is asked.
    """
    kinds: dict[str, set[str]] = {}
    for one in found:
        kinds.setdefault(one.subject, set()).add(one.kind)
    paths = {
        subject: path
        for subject, (path, method) in ((one, page_of(one)) for one in kinds)
        if path and visit.may(method)
    }
    doubtful = [
        one
        for one in paths
        if one.startswith("change:") and (_REFUSED in kinds[one] or kinds[one] == {_SUBMITTED})
    ]
    are_there = await asyncio.gather(*(_is_there(visit, one) for one in doubtful))
    gone = {one for one, is_there in zip(doubtful, are_there, strict=True) if not is_there}
    return {subject: path for subject, path in paths.items() if subject not in gone}


async def _is_there(visit: PageRequest, subject: str) -> bool:
    request = change_pb2.GetChangeRequest(id=int(subject.removeprefix("change:")))
    try:
        await visit.calls.unary(_GET_CHANGE, request)
    except BackendFault as fault:
        if fault.status != "NOT_FOUND":
            raise
        return False
    return True
