"""How addresses name an entry: sealed, as a pattern is a number or a name."""

from collections.abc import Callable
from typing import Any

from fanzha.errors import NotFound
from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest

_PATH = "/lists/entry/"


async def paths(visit: PageRequest) -> Callable[[Any], str]:
    """Return what gives the path of the page of an entry, or of a reference to one."""
    seal = await visit.parts.links.sealer()

    def path(entry: pb.Entry | pb.EntryRef) -> str:
        return _PATH + seal((str(int(entry.kind)), str(int(entry.action)), entry.pattern))

    return path


async def of_path(visit: PageRequest) -> pb.EntryRef:
    """Return the entry that the path of a page names."""
    try:
        words = await visit.parts.links.open(visit.path("entry"))
        kind, action, pattern = int(words[0]), int(words[1]), words[2]
    except (NotFound, ValueError, IndexError) as error:
        raise BackendFault("NOT_FOUND", Message("There is no such entry.")) from error
    reference: Any = {"kind": kind, "action": action}
    return pb.EntryRef(pattern=pattern, **reference)
