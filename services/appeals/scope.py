"""Which appeals a caller may access.

An appeal is of the regions of the entries that blocked. Officers and auditors with regions review
those that lie wholly in theirs; all others, also those about the whole province, a model or a rule,
are the province's. Whoever handed an appeal in may follow it, whatever its regions.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blocklists.entries import Entry
from fanzha.errors import NotFound
from services.appeals import entry_snapshots
from services.appeals.model import Appeal
from services.auth import identity, region_scope
from services.auth.identity import Role
from services.auth.region_scope import WHOLE_PROVINCE

_REVIEWERS = frozenset({Role.APPEALS_OFFICER, Role.AUDITOR})


def is_reviewer() -> bool:
    """Return whether the caller may see appeals of others, and the evidence."""
    return not _REVIEWERS.isdisjoint(identity.current().roles)


def is_in_scope(appeal: Appeal) -> bool:
    """Return whether all that an appeal is about lies in the caller's regions."""
    return region_scope.may_change_all(identity.current(), appeal.regions)


def is_region_in_scope(code: str) -> bool:
    """Return whether a region is one of the caller's, or in one; empty: the whole province."""
    return region_scope.may_change_all(identity.current(), [code])


def may_review(appeal: Appeal) -> bool:
    """Return whether the caller may see all of an appeal of somebody else."""
    return is_reviewer() and is_in_scope(appeal)


def check_hand(appeal: Appeal) -> None:
    """Limit callers to the appeals that they may review, or handed in."""
    if not may_review(appeal) and appeal.opened_by != identity.current().name:
        raise _none(appeal)


def check_review(appeal: Appeal) -> None:
    """Limit callers to the appeals that they may review."""
    if not may_review(appeal):
        raise _none(appeal)


def lies_in(appeal: Appeal, region: str) -> bool:
    """Return whether all entries that blocked are of *region*, or of regions in it."""
    return bool(appeal.regions) and all(one and one.startswith(region) for one in appeal.regions)


def sees_entry(entry: Entry) -> bool:
    """Return whether an entry is there for the caller."""
    return region_scope.may_read(identity.current(), entry.region)


def sees_matter(entries: Sequence[Entry], decision: Mapping[str, str]) -> bool:
    """Return whether all entries behind a block are there for the caller."""
    if not identity.current().regions:
        return True
    known = {"", *(one.entry_id for one in entries)}
    return decision.get("entry_id", "") in known and all(map(sees_entry, entries))


def regions_of(
    entries: Sequence[Mapping[str, Any]], decision: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the regions of what blocked, an empty one for the whole province; none: it alone.

    What a decision was made by and is listed no more has no known region: it is the province's.
    """
    known = {entry_snapshots.read(entry).entry_id for entry in entries}
    found = {str(entry.get("region", WHOLE_PROVINCE)) for entry in entries}
    if decision.get("entry_id", "") not in {"", *known}:
        found.add(WHOLE_PROVINCE)
    return () if found <= {WHOLE_PROVINCE} else tuple(sorted(found))


def may_lift(entries: Iterable[Entry]) -> bool:
    """Return whether the caller may change all of *entries*."""
    who = identity.current()
    return all(region_scope.may_change_all(who, [one.region]) for one in entries)


def _none(appeal: Appeal) -> NotFound:
    # Indistinguishable from an appeal that does not exist, so ids cannot be probed.
    return NotFound("appeal_id: there is no appeal {appeal_id}", appeal_id=appeal.appeal_id)
