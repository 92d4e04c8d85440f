"""Permissions of change requests: roles, list sources, and no approval of one's own request."""

import numpy as np

from blocklists import provenance
from blocklists.entries import EntryKind, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import rows_of
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.errors import NotAllowed
from fanzha.tables import Int64s
from fanzha.translation.message import alternatives
from services.auth import identity, roles
from services.auth.identity import Identity, Role
from services.changes.model import ChangeKind, ChangeRequest, Draft

_PROPOSING = frozenset({"created", "edited", "submitted"})


def check_may_propose(kind: ChangeKind) -> None:
    """Raise `NotAllowed` unless the caller may propose changes of this kind."""
    extra = (Role.APPEALS_OFFICER,) if kind is ChangeKind.APPEAL else ()
    _require(Role.EDITOR, *extra)
    _check_scope(kind)


def check_may_decide(record: ChangeRequest, by: str) -> None:
    """Raise `NotAllowed` unless the caller, named *by*, may approve a request."""
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.APPROVER, *extra)
    _check_scope(record.kind)
    if identity.same_person(by, proposers(record)):
        raise NotAllowed(
            "change {id} was proposed by {by}: a second person has to approve it",
            id=record.id,
            by=by,
        )


def check_may_reject(record: ChangeRequest, by: str) -> None:
    """Raise `NotAllowed` unless the caller may reject a request or withdraw their own."""
    if identity.same_person(by, proposers(record)):
        return
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.APPROVER, *extra)
    _check_scope(record.kind)


def check_may_apply(record: ChangeRequest) -> None:
    """Raise `NotAllowed` unless the caller may apply an approved request."""
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.EDITOR, Role.APPROVER, *extra)
    _check_scope(record.kind)


def proposers(record: ChangeRequest) -> frozenset[str]:
    """Return everyone who created, edited or submitted a request."""
    names = {event.who for event in record.events if event.what in _PROPOSING}
    return frozenset(names | {record.author})


def is_lift(draft: Draft) -> bool:
    """Return whether a draft only lifts blocks of single patterns after an appeal."""
    table = draft.additions
    wide = (table.kinds == EntryKind.RANGE) | (table.actions == Action.BLOCK)
    ends_allowing = draft.removals.actions == Action.ALLOW
    return draft.kind is ChangeKind.APPEAL and not (wide.any() or ends_allowing.any())


def officer_approves(draft: Draft) -> bool:
    """Return whether the caller is an authenticated appeals officer who lifts a block.

    Two people are involved already: the clerk who filed the appeal, and the officer.
    """
    who = identity.current()
    return not who.development and Role.APPEALS_OFFICER in who.roles and is_lift(draft)


def approving_officer(record: ChangeRequest) -> str:
    """Return the officer as approver of a lift; empty where the officer is its author."""
    name = identity.current().name
    return "" if identity.same_person(name, [record.author]) else name


def _check_scope(kind: ChangeKind) -> None:
    """Raise `NotAllowed` where the policy of carriers is beyond the scope of the caller."""
    who = identity.current()
    if kind is ChangeKind.POLICY and (who.sources or who.regions or who.carrier):
        raise NotAllowed(
            "{name} is limited to some sources, regions or a carrier, and the carrier policy is "
            "about all",
            name=who.name,
        )


def _require(*roles: Role) -> None:
    who = identity.current()
    if not who.roles & set(roles):
        names = alternatives([role.value for role in roles])
        raise NotAllowed("{name} needs the role {names}", name=who.name, names=names)


def check_sources(
    identity: Identity, snapshot: Snapshot, table: EntryTable, removals: Identities
) -> None:
    """Raise `NotAllowed` where a change touches a source that *identity* may not change.

    Both the new entries and those they replace or remove count: an editor of the bureau's
    entries must not override the ministry's by listing the same pattern.
    """
    if not identity.sources:
        return
    there = np.concatenate([rows_of(snapshot, table), rows_of(snapshot, removals)])
    added = {table.provenance[place].source for place in np.unique(table.provenances).tolist()}
    roles.check_source(identity, added | _sources_of(snapshot, there[there != NO_ENTRY]))


def _sources_of(snapshot: Snapshot, rows: Int64s) -> set[Source]:
    found: set[Source] = set()
    for layer in snapshot.layers:
        end = layer.first_row + len(layer.segment)
        in_layer = rows[(rows >= layer.first_row) & (rows < end)] - layer.first_row
        used = np.unique(layer.segment.provenances[in_layer])
        texts = layer.segment.provenance
        found.update(provenance.read(texts.raw(place)).source for place in used.tolist())
    return found
