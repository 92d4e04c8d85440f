"""A copy of the lists is of all regions, and not for people with some."""

from pathlib import Path
from typing import Any

import pytest

from blocklists.edge import lists
from blocklists.edge.lists import EdgeLists
from blocklists.snapshot.replica import Replica
from fanzha.errors import NotAllowed, Unavailable
from fanzha.v1 import list_update_pb2
from services.auth.identity import Identity, Role, acting_as
from services.rpc.list_updates.handler import ListUpdateServicer

REGIONAL = Identity(
    name="wang",
    roles=frozenset({Role.AUDITOR, Role.EDITOR, Role.APPROVER}),
    regions=frozenset({"3301"}),
)
SWITCH = Identity(name="gw1", roles=frozenset({Role.CARRIER}), regions=frozenset({"3301"}))


async def test_a_copy_of_the_lists_is_for_switches_whatever_their_regions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_PATIENCE_SECONDS", 0.0)
    store: Any = Away()
    servicer = ListUpdateServicer(EdgeLists(store, Replica(tmp_path)))
    request = list_update_pb2.ComputeDiffRequest()

    with acting_as(REGIONAL), pytest.raises(NotAllowed, match="is of all regions"):
        await anext(servicer.ComputeDiff(request, None))
    with acting_as(SWITCH), pytest.raises(Unavailable):
        await anext(servicer.ComputeDiff(request, None))


class Away:
    """A store that is away: whoever gets as far as to ask it is let in."""

    async def head(self) -> None:
        raise Unavailable("the store is away")
