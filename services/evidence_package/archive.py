"""Writes an evidence package as a ZIP file: sections, a manifest of hashes, its signature.

``manifest.json`` is canonical JSON and names each other file with its size and SHA-256;
``manifest.sig`` holds the 64 bytes of its Ed25519 signature, so that OpenSSL can check it, too;
``public_key.pem`` is the key it was signed with, which is that of the audit log.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from services.audit.keys import SigningKey
from services.audit.records import AuditRecord
from services.evidence_package import page
from services.evidence_package.chain_proof import ChainExcerpt
from services.evidence_package.sections import PackageRequest, Section, format_time
from services.evidence_package.subjects import PackageSubject

FORMAT = "fanzha-evidence-1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
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
    contents = {f"{one.name}.json": _json(_words(one)) for one in sections}
    contents[CHAIN] = b"".join(line + b"\n" for line in cutting.lines)
    contents[PAGE] = page.write(subject, request, sections, key.key_id).encode()
    manifest = _canonical(_manifest(subject, request, contents, key))
    contents |= {
        MANIFEST: manifest,
        SIGNATURE: key.private.sign(manifest),
        PUBLIC_KEY: key.public_pem.encode(),
    }
    at = datetime.fromtimestamp(request.made_at_ms / 1000, UTC)
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        for name, data in contents.items():
            entry = ZipInfo(name, at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            package.writestr(entry, data)


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


def _manifest(
    subject: PackageSubject, request: PackageRequest, contents: Mapping[str, bytes], key: SigningKey
) -> dict[str, Any]:
    return {
        "files": {
            name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
            for name, data in contents.items()
        },
        "format": FORMAT,
        "head": request.head,
        "key_id": key.key_id,
        "kind": subject.kind.name.lower(),
        "made_at": format_time(request.made_at_ms),
        "made_by": request.by,
        "reason": request.reason,
        "sequence": request.sequence,
        "subject": subject.pattern,
    }


def _words(section: Section) -> dict[str, Any]:
    words = asdict(section)
    del words["related"]
    return words


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
