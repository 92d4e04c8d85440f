"""Converts messages of searches, changes in bulk and histories of entries."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from blocklists import region_codes
from blocklists.entries import EntryKind, EntryMode, Source
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import blocklist_pb2 as pb
from infra import paging
from services.auth import identity
from services.changes.past.entry_history import EntryEvent, EntryHistoryPage
from services.changes.report import ChangeTerms
from services.lists.bulk_changes import BulkChange, BulkResult
from services.lists.search.criteria import (
    WHOLE_PROVINCE,
    EntryCondition,
    EntryCriteria,
    EntryOrder,
)
from services.lists.search.entry_search import CountedEntries
from services.rpc.lists import messages

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int
_RENAMED = {"expires_at_s": "expires_s"}


def criteria(message: pb.EntryCriteria) -> EntryCriteria:
    """Read criteria; an unknown number is an error, not an empty answer."""
    fraud_type = message.fraud_type if message.HasField("fraud_type") else None
    conditions = frozenset(message.conditions)
    for name, numbers, known in (
        ("kind", {message.kind} - {0}, EntryKind),
        ("action", {message.action} - {0}, Action),
        ("source", {message.source} - {0}, Source),
        ("mode", {message.mode} - {0}, EntryMode),
        ("fraud_type", {fraud_type} - {None}, FraudType),
        ("conditions", conditions, EntryCondition),
    ):
        if unknown := {int(one or 0) for one in numbers} - {int(one) for one in known}:
            raise InvalidInput(
                "criteria.{name}: unknown number {number}", name=name, number=min(unknown)
            )
    return EntryCriteria(
        kind=message.kind,
        action=message.action,
        source=message.source,
        mode=message.mode,
        pattern=message.pattern,
        fraud_type=fraud_type,
        legal_basis=message.legal_basis,
        campaign=message.campaign,
        created_by=message.created_by,
        conditions=frozenset(map(EntryCondition, conditions)),
        region=search_region(message.region),
    )


def search_region(text: str) -> str:
    """Read the region of criteria; the word ``none`` stays as it is."""
    return text if text == WHOLE_PROVINCE else region_codes.read(text)


def criteria_of(request: pb.ListEntriesRequest) -> EntryCriteria:
    """Read the criteria of a page, which has the older filters beside them."""
    both = pb.EntryCriteria()
    both.CopyFrom(request.criteria)
    for name in ("kind", "action", "source", "mode"):
        older, newer = getattr(request, name), getattr(both, name)
        if older and newer and older != newer:
            raise InvalidInput("criteria.{name}: contradicts {name}", name=name)
        if older:
            setattr(both, name, older)
    return criteria(both)


def order(number: int) -> EntryOrder:
    """Read an order."""
    if number not in set(EntryOrder):
        raise InvalidInput("order: unknown number {number}", number=number)
    return EntryOrder(number)


def counts(found: CountedEntries) -> pb.CountEntriesResponse:
    """Write counts."""
    facets, snapshot = found.selection.facets, found.selection.snapshot
    return pb.CountEntriesResponse(
        matching=found.selection.matching,
        total=len(snapshot),
        kinds=_counts(facets.kinds),
        actions=_counts(facets.actions),
        sources=_counts(facets.sources),
        modes=_counts(facets.modes),
        conditions=_counts(facets.conditions),
        legal_bases=[
            pb.LegalBasisCount(legal_basis=name, entries=rows) for name, rows in facets.most_named()
        ],
        regions=[
            pb.RegionEntryCount(region=name, entries=rows) for name, rows in facets.by_region()
        ],
        version=snapshot.version,
        newest_version=found.newest_version,
        hits_counted_since_s=found.counted_since_s,
    )


def bulk_change(request: pb.ChangeMatchingRequest) -> BulkChange:
    """Read a change in bulk."""
    edit = request.edit
    fields = {
        _RENAMED.get(name, name): getattr(edit, name)
        for name in pb.MatchingEdit.DESCRIPTOR.fields_by_name
        if edit.HasField(name)  # type: ignore[arg-type]
    }
    version = request.expected_version if request.HasField("expected_version") else None
    return BulkChange(
        criteria=criteria(request.criteria),
        terms=ChangeTerms(
            author=identity.author(request.author),
            reason=request.reason or ("-" if request.dry_run else ""),
            expected_version=version,
            dry_run=request.dry_run,
            confirmed_risks=tuple(request.confirmed_risks),
            false_positive=request.false_positive,
        ),
        fields=fields,
        remove=request.remove,
        expected_rows=request.expected_rows if request.HasField("expected_rows") else None,
    )


def bulk_done(done: BulkResult) -> pb.ChangeMatchingResponse:
    """Write how a change in bulk went."""
    return pb.ChangeMatchingResponse(
        version=done.version,
        matching=done.matching,
        changed=done.changed,
        examples=map(messages.entry, done.examples),
        **messages.requested(done.requested),
    )


def history(page: EntryHistoryPage) -> pb.GetEntryHistoryResponse:
    """Write a page of the history of an entry."""
    return pb.GetEntryHistoryResponse(
        events=map(_event, page.events),
        next_page_token=paging.position_at(page.next_before_id),
        examined=page.examined,
        rows_not_retained=page.not_retained,
    )


def _event(one: EntryEvent) -> pb.EntryEvent:
    record = one.record
    return pb.EntryEvent(
        change_id=record.id,
        version=record.applied_version,
        at_ms=record.applied_ms or record.created_ms,
        author=record.author,
        approved_by=record.approved_by,
        reason=record.reason,
        change_state=_wire(record.state),
        after=None if one.after is None else messages.entry(one.after),
        before=None if one.before is None else messages.entry(one.before),
    )


def _counts(values: Counter[int]) -> list[pb.ValueCount]:
    return [
        pb.ValueCount(value=int(value), entries=rows)
        for value, rows in sorted(values.items())
        if rows
    ]
