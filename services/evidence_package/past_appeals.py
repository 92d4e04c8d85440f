"""Appeals about a subject; who appealed is masked, as in every list of appeals."""

from blocklists.entries import EntryKind
from services.appeals import masking, model
from services.appeals.store import AppealStore
from services.evidence_package.sections import Section, format_time
from services.evidence_package.subjects import PackageSubject

MOST = 1000


class PastAppeals:
    """Appeals, open and closed."""

    def __init__(self, store: AppealStore) -> None:
        self._store = store

    async def section(self, subject: PackageSubject) -> Section:
        """Return the appeals about exactly this number, host or text."""
        about = model.AppealSubject(kind=subject.kind, pattern=subject.pattern)
        found = await self._store.about(about, MOST + 1)
        notes = ["names, contacts and grounds of appellants are masked"]
        if subject.kind == EntryKind.HOST:
            notes.append("appeals about single pages of this host are not looked for")
        if len(found) > MOST:
            notes.append(f"the newest {MOST} only; there are more")
        return Section(
            name="appeals",
            titles=("申诉", "Appeals"),
            rows=[_words(masking.appeal(one)) for one in found[:MOST]],
            notes=notes,
            related=frozenset(f"appeal:{one.appeal_id}" for one in found),
        )


def _words(appeal: model.Appeal) -> dict[str, str]:
    outcome, lift = appeal.outcome, appeal.lift
    return {
        "appeal": f"appeal:{appeal.appeal_id}",
        "state": appeal.state.value,
        "received": format_time(appeal.received_at_ms),
        "deadline": format_time(appeal.deadline_ms),
        "closed": format_time(appeal.closed_at_ms),
        "appellant": appeal.appellant,
        "decision_id": str(appeal.decision_id or ""),
        "blocked_by": appeal.blocked_by,
        "officer": appeal.officer,
        "reason": outcome.reason if outcome else "",
        "lifted_in_version": str(lift.version) if lift and lift.version else "",
        "lifted_after_seconds": f"{lift.seconds:.3f}" if lift and lift.seconds is not None else "",
    }
