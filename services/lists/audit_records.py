"""What goes on record of requests for the lists: rows that the guard refused, and exports."""

from collections.abc import Collection, Sequence

from blocklists.entries import EntryKind, Source
from blocklists.queries import EntryFilter
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from services.audit.events import Audit, AuditKind
from services.changes.report import ChangeTerms, RowReport
from services.lists.import_report import ImportResult

LISTS = "lists"
_MOST_REASONS = 5


async def refused_rows(audit: Audit, reports: Sequence[RowReport], terms: ChangeTerms) -> None:
    """Put down that the guard refused rows of a request, in one record however many they are."""
    refused = [one.message for one in reports if one.outcome == RowOutcome.REFUSED]
    await _refused(audit, refused, len(refused), terms)


async def refused_import(audit: Audit, imported: ImportResult, terms: ChangeTerms) -> None:
    """Put down the same for an import."""
    refused = [one.message for one in imported.problems if one.outcome == RowOutcome.REFUSED]
    await _refused(audit, refused, imported.counts[RowOutcome.REFUSED], terms)


async def exported(audit: Audit, version: int, entry_filter: EntryFilter) -> None:
    """Put down that somebody takes the lists, as they are at *version*, out."""
    await audit.record(
        AuditKind.EXPORTED,
        subject=f"{LISTS}:{version}",
        details={
            "kind": EntryKind(entry_filter.kind).name.lower() if entry_filter.kind else "all",
            "action": Action(entry_filter.action).name.lower() if entry_filter.action else "all",
            "source": Source(entry_filter.source).name.lower() if entry_filter.source else "all",
        },
    )


async def copied(audit: Audit, version: int, kinds: Collection[EntryKind]) -> None:
    """Put down that an edge takes a whole copy of lists, as they are at *version*."""
    await audit.record(
        AuditKind.EXPORTED,
        subject=f"{LISTS}:{version}",
        details={"kind": " ".join(sorted(kind.name.lower() for kind in kinds)), "for": "edge"},
    )


async def _refused(audit: Audit, messages: Sequence[str], rows: int, terms: ChangeTerms) -> None:
    if not rows or terms.dry_run:
        return
    reasons = list(dict.fromkeys(messages))[:_MOST_REASONS]
    await audit.record(
        AuditKind.REFUSED,
        subject=LISTS,
        details={
            "rows": str(rows),
            "by": "guard",
            "said_author": terms.author,
            "reason": terms.reason,
        }
        | {f"because_{number}": text for number, text in enumerate(reasons, 1)},
    )
