"""Builds evidence packages: collects the sections, records the export, writes the archive."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile
from typing import IO

from fanzha.errors import NotFound, Unavailable
from fanzha.phone import HomePlan
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.audit.checkpoints import CheckpointReason
from services.audit.events import AuditKind
from services.audit.log import AuditLog
from services.auth import identity
from services.evidence_package import archive, chain_proof, subjects
from services.evidence_package.sections import EvidenceSource, PackageRequest, Section
from services.evidence_package.subjects import PackageSubject

logger = logging.getLogger(__name__)

_REASON = TextLimit(max_characters=500, characters=CharacterSet.ANY)


class EvidencePackages:
    """Builds one package at a time: each reads the whole audit log."""

    def __init__(
        self,
        sources: Sequence[EvidenceSource],
        *,
        audit: AuditLog,
        home: HomePlan,
        now_ms: Callable[[], int],
    ) -> None:
        self._sources = sources
        self._audit = audit
        self._home = home
        self._now_ms = now_ms
        self._lock = asyncio.Lock()

    async def make(self, query: str, *, said_author: str, reason: str) -> IO[bytes]:
        """Make the ZIP file about *query*, to be read from its beginning; the caller closes it.

        The section of an unavailable source says so. Raises `InvalidInput` for a subject that is no
        number, host or URL, `NotFound` for one that no source knows, `Unavailable` when the audit
        log cannot record the export. It records exports that find nothing, too.
        """
        reason = text_limits.required("reason", reason, _REASON)
        subject = subjects.read(query, self._home)
        by = identity.author(said_author)
        async with self._lock:
            sections = [await _section(source, subject) for source in self._sources]
            known = any(section.may_concern for section in sections)
            await self._record(subject, by=by, reason=reason, known=known)
            if not known:
                raise NotFound("nothing is on record about {query!r}", query=query[:200])
            head = await self._audit.checkpoint(CheckpointReason.EVIDENCE)
            request = PackageRequest(
                by=by,
                reason=reason,
                made_at_ms=self._now_ms(),
                sequence=head.checkpoint.sequence,
                head=head.checkpoint.hash,
            )
            return await asyncio.to_thread(self._packed, subject, request, sections, until=head.end)

    async def _record(self, subject: PackageSubject, *, by: str, reason: str, known: bool) -> None:
        details = {
            "what": "evidence",
            "kind": subject.kind.name.lower(),
            "about": subject.masked,
            "reason": reason,
        }
        if not known:
            details["result"] = "nothing"
        await self._audit.record(
            AuditKind.EXPORTED, subject=subject.entry_id, details=details, actor=by
        )

    def _packed(
        self,
        subject: PackageSubject,
        request: PackageRequest,
        sections: Sequence[Section],
        *,
        until: tuple[str, int],
    ) -> IO[bytes]:
        related = [one for section in sections for one in section.related]
        ids = dict.fromkeys([*subject.entry_ids, *related])
        cutting = chain_proof.cut_out(self._audit.folder, ids, until=until)
        file = TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            archive.write(file, subject, request, sections, cutting=cutting, key=self._audit.key)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


async def _section(source: EvidenceSource, subject: PackageSubject) -> Section:
    try:
        return await source.section(subject)
    except Unavailable as error:
        name = type(source).__name__
        logger.warning("evidence without %s: %s", name, error)
        return Section(
            name=name.lower(),
            titles=("未能取得", "Could not be looked up"),
            notes=[f"{name}: {error}"],
            missing=True,
        )
