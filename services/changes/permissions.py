"""Who may do what with a change request: roles, list sources, and never one's own approval."""

import numpy as np

from blocklists import provenance
from blocklists.entries import EntryKind, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import places
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.errors import NotAllowed
from fanzha.tables import Int64s
from services.auth import identity, roles
from services.auth.identity import Identity, Role
from services.changes.model import ChangeKind, ChangeRequest, Draft

_PROPOSING = frozenset({"created", "edited", "submitted"})


def may_propose(kind: ChangeKind) -> None:
    """Raise `NotAllowed` unless who asks may propose changes of this kind."""
    extra = (Role.APPEALS_OFFICER,) if kind is ChangeKind.APPEAL else ()
    _require(Role.EDITOR, *extra)


def may_decide(record: ChangeRequest, by: str) -> None:
    """Raise `NotAllowed` unless who asks may approve a request, under the name *by*."""
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.APPROVER, *extra)
    if identity.same_person(by, proposers(record)):
        raise NotAllowed(f"change {record.id} is {by}'s own: a second person has to decide")


def may_reject(record: ChangeRequest, by: str) -> None:
    """Raise `NotAllowed` unless who asks may reject a request, or withdraw their own."""
    if identity.same_person(by, proposers(record)):
        return
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.APPROVER, *extra)


def may_apply(record: ChangeRequest) -> None:
    """Raise `NotAllowed` unless who asks may apply an approved request."""
    extra = (Role.APPEALS_OFFICER,) if record.kind is ChangeKind.APPEAL else ()
    _require(Role.EDITOR, Role.APPROVER, *extra)


def proposers(record: ChangeRequest) -> frozenset[str]:
    """Return everybody who had a hand in what a request says."""
    hands = {event.who for event in record.events if event.what in _PROPOSING}
    return frozenset(hands | {record.author})


def is_lift(draft: Draft) -> bool:
    """Tell whether a draft only lifts blocks of single numbers, hosts or texts after an appeal."""
    table = draft.additions
    wide = (table.kinds == EntryKind.RANGE) | (table.actions == Action.BLOCK)
    ends_allowing = draft.removals.actions == Action.ALLOW
    return draft.kind is ChangeKind.APPEAL and not (wide.any() or ends_allowing.any())


def is_decided_by_officer(draft: Draft) -> bool:
    """Tell whether an appeals officer, known to be one, lifts what an appeal was upheld against.

    Two people stand behind that: who handed the appeal in, and the officer, who is another.
    """
    who = identity.current()
    return not who.development and Role.APPEALS_OFFICER in who.roles and is_lift(draft)


def second_person_of(record: ChangeRequest) -> str:
    """Return the officer behind a lift; empty where the officer is on record as its author."""
    name = identity.current().name
    return "" if identity.same_person(name, [record.author]) else name


def _require(*roles: Role) -> None:
    who = identity.current()
    if not who.roles & set(roles):
        wanted = " or ".join(role.value for role in roles)
        raise NotAllowed(f"{who.name} needs the role {wanted}")


def check_sources(
    identity: Identity, snapshot: Snapshot, table: EntryTable, removals: Identities
) -> None:
    """Raise `NotAllowed` where a change touches a source that *identity* may not change.

    That is the source of what comes in, and of what is there and would be replaced or removed: an
    editor of the bureau's entries must not undo the ministry's by listing them anew.
    """
    if not identity.sources:
        return
    there = np.concatenate([places(snapshot, table), places(snapshot, removals)])
    coming = {table.provenance[place].source for place in np.unique(table.provenances).tolist()}
    roles.check_source(identity, coming | _sources_of(snapshot, there[there != NO_ENTRY]))


def _sources_of(snapshot: Snapshot, rows: Int64s) -> set[Source]:
    found: set[Source] = set()
    for layer in snapshot.layers:
        end = layer.first_row + len(layer.segment)
        mine = rows[(rows >= layer.first_row) & (rows < end)] - layer.first_row
        behind = np.unique(layer.segment.provenances[mine])
        texts = layer.segment.provenance
        found.update(provenance.read(texts.raw(place)).source for place in behind.tolist())
    return found
