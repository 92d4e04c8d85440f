"""Plans how to lift a block: which entries go, and whether an allow entry must come.

The block entries for exactly the subject are removed. Where another entry still blocks it, such as
a range or the domain above, that stays for all others, and an allow entry for exactly the subject
is added; likewise where no entry blocked, but a model or a rule. The plan depends on the lists as
they are, so it is made anew for each attempt; one that is carried out leaves nothing to plan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from fanzha.decisions import Action
from services.appeals.model import AppealSubject

NO_SIDE = Direction(0)
_SIDES = (Direction.FROM, Direction.TO)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPlan:
    """What to change."""

    removals: Sequence[Entry] = ()
    allow: Direction = NO_SIDE
    """Direction of the allow entry for the subject; 0: none is needed."""
    replaces: Entry | None = None
    """The allow entry that the new one replaces."""


def plan(
    entries: Sequence[Entry],
    subject: AppealSubject,
    *,
    now_s: int,
    by_list: bool,
    allow_anyway: bool = False,
    direction: int = 0,
    keep: bool = False,
) -> LiftPlan:
    """Plan the lift.

    *entries* are those that match the subject, most decisive first. *by_list* says that an entry
    blocked, not a model or a rule. *allow_anyway* wants an allow entry whatever the lists say,
    *direction* one for these sides. *keep* removes nothing: the allow entry outranks what blocks.
    """
    removals = [
        entry for entry in entries if not keep and _acts(entry, now_s) and _names(entry, subject)
    ]
    rest = [entry for entry in entries if _acts(entry, now_s) and entry not in removals]
    allow = NO_SIDE
    for side in _SIDES:
        if _blocked(rest, side):
            allow |= side
    if allow_anyway or not (by_list or _is_allowed(rest, subject.direction)):
        allow |= subject.direction
    if allow and direction:
        allow = Direction(direction)
    if not allow:
        return LiftPlan(removals=removals)
    if subject.kind != EntryKind.NUMBER:
        allow = Direction.BOTH
    # A subject has one allow entry, so the new one must cover the directions of the old.
    same = (subject.kind, subject.pattern, Action.ALLOW)
    old = next((one for one in rest if (one.kind, one.pattern, one.action) == same), None)
    if old is not None:
        allow |= old.direction
    return LiftPlan(removals=removals, allow=allow, replaces=old)


def blocking(entries: Sequence[Entry], now_s: int) -> list[Entry]:
    """Return the entries that block now in either direction, the deciding one first."""
    acting = [entry for entry in entries if _acts(entry, now_s)]
    found: list[Entry] = []
    for entry in (one for side in _SIDES for one in _blocked(acting, side)):
        if entry not in found:
            found.append(entry)
    others = [entry for entry in acting if entry.action == Action.BLOCK and entry not in found]
    return found + others if found else []


def lifted_before(
    snapshots: Iterable[Entry], entries: Sequence[Entry], subject: AppealSubject
) -> list[Entry]:
    """Return those of *snapshots* that a lift removes and that are no longer among *entries*.

    A lift whose answer was lost removed them; who plans it again finds nothing left to remove.
    """
    there = {(entry.kind, entry.pattern) for entry in entries if entry.action == Action.BLOCK}
    return [
        entry
        for entry in snapshots
        if _names(entry, subject) and (entry.kind, entry.pattern) not in there
    ]


def _acts(entry: Entry, now_s: int) -> bool:
    return entry.mode is EntryMode.ENFORCE and entry.expires_at.timestamp() > now_s


def _names(entry: Entry, subject: AppealSubject) -> bool:
    if entry.action != Action.BLOCK:
        return False
    if EntryKind.SENDER in {entry.kind, subject.kind}:
        # A number may be listed as a sender of texts, too; names match in any case.
        parties = {EntryKind.SENDER, EntryKind.NUMBER}
        same = entry.pattern.casefold() == subject.pattern.casefold()
        return same and entry.kind in parties and subject.kind in parties
    return (entry.kind, entry.pattern) == (subject.kind, subject.pattern)


def _blocked(acting: Sequence[Entry], side: Direction) -> list[Entry]:
    """Return the entries that decide to block: one for calls and links, one for texts."""
    firsts = (
        next((entry for entry in acting if entry.direction & side), None),
        # Sender entries match texts only, so another entry may decide calls.
        next(
            (
                entry
                for entry in acting
                if entry.direction & side and entry.kind != EntryKind.SENDER
            ),
            None,
        ),
    )
    return [entry for entry in firsts if entry is not None and entry.action == Action.BLOCK]


def _is_allowed(acting: Sequence[Entry], side: Direction) -> bool:
    first = next((entry for entry in acting if entry.direction & side), None)
    return first is not None and first.action == Action.ALLOW
