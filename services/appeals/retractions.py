"""What an upheld appeal tells the warning pipeline: which entries were wrong, and for whom."""

from blocklists.entries import EntryKind, entry_id
from blocklists.wrong_entries import WrongEntry
from fanzha.decisions import Action
from services.appeals.model import Appeal, Lift


def retracted_by(appeal: Appeal, lift: Lift, now_ms: int) -> list[WrongEntry]:
    """Return a notice for each entry that the appeal found wrong.

    A removed entry was wrong altogether, one that stays for others only for the subject.
    """
    removed = {(EntryKind(kind), pattern) for kind, pattern in lift.removed}
    blocks = [entry for entry in appeal.entries if entry["action"] == Action.BLOCK]
    sources = {(EntryKind(one["kind"]), one["pattern"]): one["source"] for one in blocks}
    lifted = (appeal.outcome.lift if appeal.outcome else None) or appeal.subject
    found = {one: sources.get(one, "") for one in (*sources, *removed)}
    return [
        WrongEntry(
            entry_id=entry_id(kind, pattern, Action.BLOCK),
            kind=kind.name.lower(),
            pattern=pattern,
            source=source,
            subject="" if (kind, pattern) in removed else lifted.pattern,
            why=f"appeal {appeal.appeal_id} was upheld",
            by=appeal.officer,
            at_ms=lift.committed_at_ms or now_ms,
        )
        for (kind, pattern), source in found.items()
    ]
