"""What is of all regions is not for people with some."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blocklists.edge.lists import EdgeLists
from blocklists.snapshot.replica import Replica
from fanzha.errors import NotAllowed, Unavailable
from fanzha.v1 import audit_pb2, list_update_pb2, warning_operations_pb2
from services.auth.identity import Identity, Role, acting_as
from services.rpc.audit.handler import AuditServicer
from services.rpc.list_updates.handler import ListUpdateServicer
from services.rpc.warnings.operations_handler import WarningOperationsServicer

REGIONAL = Identity(
    name="wang",
    roles=frozenset({Role.AUDITOR, Role.EDITOR, Role.APPROVER}),
    regions=frozenset({"3301"}),
)
SWITCH = Identity(name="gw1", roles=frozenset({Role.CARRIER}), regions=frozenset({"3301"}))
NOTHING: Any = SimpleNamespace()


async def test_the_audit_log_and_evidence_packages_are_of_all_regions() -> None:
    servicer = AuditServicer(NOTHING, NOTHING, NOTHING)

    with acting_as(REGIONAL):
        with pytest.raises(NotAllowed, match="the audit log is of all regions"):
            await servicer.ListRecords(audit_pb2.ListRecordsRequest(), None)
        with pytest.raises(NotAllowed, match="an evidence package is of all regions"):
            await anext(servicer.ExportEvidence(audit_pb2.ExportEvidenceRequest(), None))


async def test_outcomes_of_all_entries_are_of_all_regions() -> None:
    servicer = WarningOperationsServicer.__new__(WarningOperationsServicer)

    with acting_as(REGIONAL), pytest.raises(NotAllowed, match="is of all regions"):
        await servicer.ListEntryOutcomes(warning_operations_pb2.ListEntryOutcomesRequest(), None)


async def test_a_copy_of_the_lists_is_for_switches_whatever_their_regions(tmp_path: Path) -> None:
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
