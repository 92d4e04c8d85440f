"""Writes an evidence package as a ZIP file: sections, a page to read, the excerpt of the chain."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from services.audit.keys import SigningKey
from services.audit.records import AuditRecord
from services.evidence_package import page, signed_archive
from services.evidence_package.chain_proof import ChainExcerpt
from services.evidence_package.sections import PackageRequest, Section, format_time
from services.evidence_package.subjects import PackageSubject

FORMAT = "fanzha-evidence-1"
CHAIN, PAGE = "audit-chain.jsonl", "evidence.html"


def write(
    file: IO[bytes],
    subject: PackageSubject,
    request: PackageRequest,
    sections: Sequence[Section],
    *,
    cutting: ChainExcerpt,
    key: SigningKey,
) -> None:
    """Write the ZIP file."""
    sections = [*sections, _audit(cutting)]
    contents = {f"{one.name}.json": signed_archive.as_json(_words(one)) for one in sections}
    contents[CHAIN] = b"".join(line + b"\n" for line in cutting.lines)
    contents[PAGE] = page.write(subject, request, sections, key.key_id).encode()
    manifest = _manifest(subject, request)
    signed_archive.write(file, contents, manifest, made_at_ms=request.made_at_ms, key=key)


def record_words(record: AuditRecord) -> dict[str, Any]:
    """Write an audit record as texts."""
    return {
        "sequence": str(record.sequence),
        "time": format_time(record.time_ms),
        "kind": record.kind,
        "actor": record.actor,
        "subject": record.subject,
        "details": dict(sorted(record.details.items())),
        "hash": record.hash,
    }


def _audit(cutting: ChainExcerpt) -> Section:
    notes = [f"as they stand in the log, with proof that they stood there: {CHAIN}"]
    if cutting.left_out:
        notes.append(f"{cutting.left_out} more records are not shown: there are too many")
    if cutting.unreadable:
        notes.append(
            f"the log is damaged: {cutting.unreadable} lines in these parts are no records"
        )
    return Section(
        name="audit",
        titles=("审计记录", "Audit records"),
        rows=[record_words(record) for record in cutting.records],
        notes=notes,
    )


def _manifest(subject: PackageSubject, request: PackageRequest) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "head": request.head,
        "kind": subject.kind.name.lower(),
        "made_by": request.by,
        "reason": request.reason,
        "sequence": request.sequence,
        "subject": subject.pattern,
    }


def _words(section: Section) -> dict[str, Any]:
    words = asdict(section)
    del words["related"]
    return words
