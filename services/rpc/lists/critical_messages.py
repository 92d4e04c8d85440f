"""Crosses the wire for critical names and numbers."""

from fanzha.v1 import blocklist_pb2 as pb
from services.lists.critical import CriticalAnswer


def response(found: CriticalAnswer) -> pb.ListCriticalResponse:
    """Write the answer."""
    return pb.ListCriticalResponse(
        items=[
            pb.CriticalItem(
                pattern=item.pattern,
                category=item.category,
                owner=item.owner,
                source=item.source,
                checked=item.checked,
                users_below=item.users_below,
                own=item.own,
            )
            for item in found.items
        ],
        risks=found.risks,
        range_subscribers_limit=found.range_limit,
    )
