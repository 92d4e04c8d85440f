"""Turns a file of list entries into a change request, by the rules for any change."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from blocklists.importers.list_file import ReadOptions
from blocklists.importers.list_format import Format
from blocklists.importers.tables import columns
from blocklists.row_validation import RowDefaults
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.translation.message import Message
from services.auth import identity
from services.changes.report import ChangeTerms
from services.list_files.direct_import import DirectImport, ImportedFile
from services.sources.delivery import CheckedFile, Delivered, author
from services.sources.model import DataSource

_DAY_S = 86_400
_BAD = (RowOutcome.INVALID, RowOutcome.REFUSED)


class EntryDelivery:
    """Takes files of list entries."""

    def __init__(self, imports: DirectImport, *, now_ms: Callable[[], int]) -> None:
        self._imports = imports
        self._now_ms = now_ms

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        """Import a file as a dry run."""
        found = await self._import(source, file, dry_run=True)
        refused = sum(found.result.counts[one] for one in _BAD) + found.unreadable
        return CheckedFile(rows=found.result.counts.total() + found.unreadable, refused=refused)

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        """Make a change request of a file; it is applied at once where one person may."""
        found = await self._import(source, file, dry_run=False)
        results = Counter({one.name.lower(): rows for one, rows in found.result.counts.items()})
        results["unreadable"] = found.unreadable
        requested = found.result.requested
        if requested is None:
            return Delivered(results=+results)
        return Delivered(
            results=+results,
            change_id=requested.change_id,
            waits_because=_together(requested.waits_because),
        )

    async def _import(self, source: DataSource, file: Path, *, dry_run: bool) -> ImportedFile:
        of_source = author(source)
        terms = ChangeTerms(
            author=of_source.name,
            reason=source.entries.reason or f"pulled from {source.name}",
            dry_run=dry_run,
            may_replace=source.entries.replace,
            # Nobody is there who could mend the file, and it has more rows than that one.
            leaves_out_beyond=True,
        )
        with identity.acting_as(of_source):
            return await self._imports.run(
                file,
                _options(source),
                terms,
                lambda ours: self._defaults(source, ours),
                most_rows=source.limits.most_rows,
            )

    def _defaults(self, source: DataSource, ours: RowDefaults) -> RowDefaults:
        terms = source.entries
        days = terms.expires_days
        return replace(
            ours,
            action=int(Action.BLOCK),
            source=int(source.source),
            fraud_type=int(terms.fraud_type),
            legal_basis=terms.legal_basis,
            campaign=terms.campaign,
            region=terms.region,
            expires_s=self._now_ms() // 1000 + days * _DAY_S if days else ours.expires_s,
        )


def _together(reasons: Sequence[str]) -> str:
    """Return several reasons as one text."""
    first, *rest = reasons or ("",)
    return Message("{first}; {rest}", first=first, rest=_together(rest)) if rest else first


def _options(source: DataSource) -> ReadOptions:
    chosen: Mapping[str, str] = {
        columns.plain(name): holds for name, holds in source.entries.columns.items()
    }
    return ReadOptions(
        format_=Format(source.entries.format_) if source.entries.format_ else None,
        encoding=source.entries.encoding,
        choose=lambda _names: chosen,
    )
