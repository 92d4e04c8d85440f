"""Serves AuditService: converts messages, reads the log, converts back."""

import asyncio
import re
from collections.abc import AsyncIterator
from os import SEEK_END

from fanzha.errors import InvalidInput
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import audit_pb2_grpc as pb_grpc
from services.audit import tail_reader
from services.audit.events import AuditKind
from services.audit.findings import ChainReport
from services.audit.live_verification import LiveVerification, VerificationProgress
from services.audit.log import AuditLog
from services.audit.log_files import is_name
from services.audit.records import AuditRecord
from services.audit.tail_reader import LogPosition, RecordFilter
from services.evidence_package.service import EvidencePackages

MOST_PER_PAGE = 1000
DEFAULT_PER_PAGE = 100
PIECE_BYTES = 2**18
PROGRESS_SECONDS = 0.25
"""Between two messages of `FollowVerification`."""
_TOKEN = re.compile(r"(audit-[0-9]{4}-[0-9]{2}\.jsonl):([0-9]{1,15})")


class AuditServicer(pb_grpc.AuditServiceServicer):
    """Reads the audit log. Errors become statuses in the error interceptor."""

    def __init__(
        self, log: AuditLog, dossiers: EvidencePackages, verification: LiveVerification
    ) -> None:
        self._log = log
        self._verification = verification
        self._dossiers = dossiers

    async def ListRecords(
        self, request: pb.ListRecordsRequest, context: object
    ) -> pb.ListRecordsResponse:
        if not 0 <= request.page_size <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {page_size}",
                most_per_page=MOST_PER_PAGE,
                page_size=request.page_size,
            )
        found = await asyncio.to_thread(
            tail_reader.page,
            self._log.folder,
            self._start(request.page_token),
            _record_filter(request),
            request.page_size or DEFAULT_PER_PAGE,
        )
        older = found.older
        return pb.ListRecordsResponse(
            records=map(_record, found.records),
            next_page_token="" if older is None else f"{older.file}:{older.offset}",
            scanned=found.scanned,
            unreadable=found.unreadable,
        )

    async def GetHead(self, request: pb.GetHeadRequest, context: object) -> pb.GetHeadResponse:
        head = self._log.head
        return pb.GetHeadResponse(
            sequence=head.sequence,
            hash=head.hash,
            checkpoint=_record(head.checkpoint),
            uncovered=head.uncovered,
            public_key=head.public_pem,
            key_id=self._log.key.key_id,
        )

    async def VerifyLog(
        self, request: pb.VerifyLogRequest, context: object
    ) -> pb.VerifyLogResponse:
        return _report(await self._verification.verify(said_author=request.author))

    async def FollowVerification(
        self, request: pb.FollowVerificationRequest, context: object
    ) -> AsyncIterator[pb.FollowVerificationResponse]:
        progress = VerificationProgress()
        verifying = asyncio.create_task(
            self._verification.verify(said_author=request.author, progress=progress)
        )
        try:
            while not verifying.done():
                yield _progress(progress)
                await asyncio.wait([verifying], timeout=PROGRESS_SECONDS)
            answer = _progress(progress)
            answer.result.CopyFrom(_report(await verifying))
            yield answer
        finally:
            # A caller who leaves stops the reading; a task that is done takes no notice.
            verifying.cancel()

    async def ExportEvidence(
        self, request: pb.ExportEvidenceRequest, context: object
    ) -> AsyncIterator[pb.ExportEvidenceResponse]:
        made = await self._dossiers.make(
            request.query, said_author=request.author, reason=request.reason
        )
        with made:
            size = made.seek(0, SEEK_END)
            made.seek(0)
            while data := await asyncio.to_thread(made.read, PIECE_BYTES):
                yield pb.ExportEvidenceResponse(data=data, total_bytes=size)

    def _start(self, token: str) -> LogPosition:
        if not token:
            file, size = self._log.head.end
            return LogPosition(file=file, offset=size)
        match = _TOKEN.fullmatch(token)
        if match is None or not is_name(match[1]):
            raise InvalidInput("page_token: not issued for this list")
        return LogPosition(file=match[1], offset=int(match[2]))


def _record_filter(request: pb.ListRecordsRequest) -> RecordFilter:
    unknown = set(request.kinds) - {kind.value for kind in AuditKind}
    if unknown:
        known = ", ".join(sorted(kind.value for kind in AuditKind))
        raise InvalidInput(
            "kinds: {unknown!r} is none of {known}", unknown=min(unknown), known=known
        )
    return RecordFilter(
        kinds=frozenset(request.kinds),
        actor=request.actor,
        subject=request.subject,
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        after_sequence=request.after_sequence,
    )


def _record(record: AuditRecord) -> pb.AuditRecord:
    return pb.AuditRecord(
        sequence=record.sequence,
        time_ms=record.time_ms,
        kind=record.kind,
        actor=record.actor,
        subject=record.subject,
        details=record.details,
        previous=record.previous,
        hash=record.hash,
        line=record.line,
    )


def _progress(progress: VerificationProgress) -> pb.FollowVerificationResponse:
    return pb.FollowVerificationResponse(
        bytes_read=progress.bytes_read, bytes_total=progress.bytes_total
    )


def _report(report: ChainReport) -> pb.VerifyLogResponse:
    return pb.VerifyLogResponse(
        problems=[
            pb.LogProblem(
                file=one.file, line=one.line, sequence=one.sequence, words=for_caller(one.words)
            )
            for one in report.problems
        ],
        more_problems=report.more_problems,
        files=report.files,
        records=report.records,
        checkpoints=report.checkpoints,
        first_sequence=report.first_sequence,
        last_sequence=report.last_sequence,
        head=report.head,
        covered_to=report.covered_to,
        key_ids=sorted(report.key_ids),
        copies=report.copies,
        times_back=report.times_back,
        bad_list_changes=report.bad_list_changes,
    )
