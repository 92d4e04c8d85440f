"""Writes pages of entries that are due or dead as messages."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import blocklist_pb2 as pb
from services.lists.lifecycle_pages import DeadPage, DuePage
from services.rpc.lists import messages

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def due(page: DuePage) -> pb.ListDueResponse:
    """Write a page of due entries."""
    return pb.ListDueResponse(
        entries=[
            pb.DueEntry(
                entry=messages.entry(one.entry, page.hits),
                reason=_wire(one.reason),
                due_at_s=one.due_at_s,
            )
            for one in page.entries
        ],
        next_page_token=page.next_token,
        counts=[
            pb.DueCount(source=_wire(source), reason=_wire(reason), entries=entries)
            for (source, reason), entries in sorted(page.counts.items())
        ],
        ended=page.ended,
        version=page.version,
    )


def dead(page: DeadPage) -> pb.ListDeadResponse:
    """Write a page of dead entries."""
    return pb.ListDeadResponse(
        entries=[messages.entry(one, page.hits) for one in page.entries],
        next_page_token=page.next_token,
        examined=page.examined,
        total=page.total,
        counted_since_s=page.counted_since_s,
        days=page.days,
        version=page.version,
    )
