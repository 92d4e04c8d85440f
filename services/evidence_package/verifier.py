"""Verifies a package offline: signature, hashes of all files, chain of audit records."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from fanzha.errors import FanzhaError, InvalidConfiguration
from fanzha.translation import os_faults
from fanzha.translation.message import Message
from services.audit import keys
from services.audit.keys import PublicKeys
from services.audit.records import DamagedAuditRecord
from services.evidence_package import chain_proof
from services.evidence_package.archive import (
    CHAIN,
    FORMAT,
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    record_words,
)

MOST_BYTES = 2**30
"""Of one file in a package."""
MOST_PROBLEMS = 100
_UNREADABLE = (
    *(BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error),
    *(ValueError, LookupError, TypeError, AttributeError),
)
"""Raised where the archive is damaged, or a file in it has another form."""
_UNLISTED = {MANIFEST, SIGNATURE, PUBLIC_KEY}


@dataclass(slots=True, kw_only=True)
class PackageCheck:
    """What a check found."""

    problems: list[str] = field(default_factory=list)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    key_id: str = ""
    files: int = 0
    records: int = 0
    """Audit records that are shown and proved."""
    own_key: bool = False
    """Whether the key came with the package itself."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check(path: Path, known: PublicKeys | None) -> PackageCheck:
    """Check a package with *known* keys; without, with the one in it."""
    checked = PackageCheck(own_key=known is None)
    try:
        with ZipFile(path) as package:
            _check(package, known, checked)
    except _UNREADABLE as error:
        checked.problems.append(Message("the file cannot be read: {error}", error=_told(error)))
    return checked


def _check(package: ZipFile, known: PublicKeys | None, checked: PackageCheck) -> None:
    names = package.namelist()
    twice = {name for name in names if names.count(name) > 1}
    checked.problems += [
        Message("{name}: is in the package twice", name=name) for name in sorted(twice)
    ]
    missing = _UNLISTED - set(names)
    checked.problems += [Message("{name}: is missing", name=name) for name in sorted(missing)]
    if missing:
        return
    manifest, signature = _read(package, MANIFEST), _read(package, SIGNATURE)
    trusted = known or keys.read_public(_read(package, PUBLIC_KEY).decode(), PUBLIC_KEY)
    _check_manifest(manifest, signature, trusted, checked)
    _check_files(package, checked)
    if not checked.problems:
        _check_chain(package, trusted, checked)


def _check_manifest(
    data: bytes, signature: bytes, trusted: PublicKeys, checked: PackageCheck
) -> None:
    checked.key_id = next(
        (key_id for key_id in trusted.by_id if trusted.signed_bytes(key_id, data, signature)), ""
    )
    if not checked.key_id:
        checked.problems.append(
            Message(
                "{name}: its signature is wrong: it was changed, or signed with another key",
                name=MANIFEST,
            )
        )
    manifest = json.loads(data)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InvalidConfiguration(
            "{manifest}: is not one of {format}", manifest=MANIFEST, format=FORMAT
        )
    checked.manifest = manifest


def _check_files(package: ZipFile, checked: PackageCheck) -> None:
    listed: Mapping[str, Any] = checked.manifest["files"]
    there = set(package.namelist()) - _UNLISTED
    checked.problems += [
        Message("{name}: is not in the manifest", name=name) for name in sorted(there - set(listed))
    ]
    checked.problems += [
        Message("{name}: is missing", name=name) for name in sorted(set(listed) - there)
    ]
    for name in sorted(there & set(listed)):
        checked.files += 1
        if sha256(_read(package, name)).hexdigest() != listed[name]["sha256"]:
            checked.problems.append(
                Message("{name}: was changed: its SHA-256 is not that of the manifest", name=name)
            )


def _check_chain(package: ZipFile, trusted: PublicKeys, checked: PackageCheck) -> None:
    lines = _read(package, CHAIN).split(b"\n")[:-1]
    for fault in chain_proof.check(iter(lines), trusted):
        if len(checked.problems) < MOST_PROBLEMS:
            checked.problems.append(Message("{name}: {fault}", name=CHAIN, fault=fault))
    if checked.problems:
        return
    try:
        proved = {record.sequence: record for record in chain_proof.read_records(lines)}
    except DamagedAuditRecord as damaged:
        why = damaged.args[0]
        raise InvalidConfiguration("{chain}: {damaged}", chain=CHAIN, damaged=why) from damaged
    for row in json.loads(_read(package, "audit.json"))["rows"]:
        record = proved.get(int(row["sequence"]))
        if record is None or record_words(record) != row:
            checked.problems.append(
                Message("audit.json: sequence {sequence} is not proved", sequence=row["sequence"])
            )
        else:
            checked.records += 1


def _told(error: Exception) -> object:
    """Return why a package cannot be read, in our words where there are any."""
    if isinstance(error, FanzhaError):
        return error.as_message()
    return os_faults.fault(error) if isinstance(error, OSError) else error


def _read(package: ZipFile, name: str) -> bytes:
    size = package.getinfo(name).file_size
    if size > MOST_BYTES:
        raise InvalidConfiguration(
            "{name}: larger than {most_bytes} bytes", name=name, most_bytes=MOST_BYTES
        )
    return package.read(name)
