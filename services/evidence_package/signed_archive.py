"""ZIP files with a signed manifest: what evidence packages and packages of leads have in common.

``manifest.json`` is canonical JSON and names each other file with its size and SHA-256;
``manifest.sig`` holds the 64 bytes of its Ed25519 signature, so that OpenSSL can check it, too;
``public_key.pem`` is the key it was signed with, which is that of the audit log.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from fanzha.errors import FanzhaError, InvalidConfiguration
from fanzha.translation import os_faults
from fanzha.translation.message import Message
from services.audit import keys
from services.audit.keys import PublicKeys, SigningKey
from services.evidence_package.sections import format_time

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public_key.pem"
MOST_BYTES = 2**30
"""Of one file in a package."""
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


def write(
    file: IO[bytes],
    contents: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    made_at_ms: int,
    key: SigningKey,
) -> None:
    """Write *contents*, by name, with a manifest that says *manifest* of them, too."""
    sealed = _canonical(
        {
            **manifest,
            "files": {
                name: {"bytes": len(data), "sha256": sha256(data).hexdigest()}
                for name, data in contents.items()
            },
            "key_id": key.key_id,
            "made_at": format_time(made_at_ms),
        }
    )
    whole = {
        **contents,
        MANIFEST: sealed,
        SIGNATURE: key.private.sign(sealed),
        PUBLIC_KEY: key.public_pem.encode(),
    }
    at = datetime.fromtimestamp(made_at_ms / 1000, UTC)
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        for name, data in whole.items():
            entry = ZipInfo(name, at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            package.writestr(entry, data)


def as_json(value: Any) -> bytes:
    """Write a file of a package, for people to read."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def check(
    path: Path,
    known: PublicKeys | None,
    format_: str,
    further: Callable[[ZipFile, PublicKeys, PackageCheck], None] = lambda *_found: None,
) -> PackageCheck:
    """Check signature and hashes of a package, with *known* keys; without, with the one in it.

    *further* checks what else is in one that is good so far. What it raises for a damaged file
    becomes a problem, too.
    """
    checked = PackageCheck(own_key=known is None)
    try:
        with ZipFile(path) as package:
            trusted = _check(package, known, checked, format_)
            if trusted is not None and not checked.problems:
                further(package, trusted, checked)
    except _UNREADABLE as error:
        checked.problems.append(Message("the file cannot be read: {error}", error=_told(error)))
    return checked


def read(package: ZipFile, name: str) -> bytes:
    """Read a file of a package; `ValueError` for one that is too large."""
    size = package.getinfo(name).file_size
    if size > MOST_BYTES:
        raise InvalidConfiguration(
            "{name}: larger than {most_bytes} bytes", name=name, most_bytes=MOST_BYTES
        )
    return package.read(name)


def _check(
    package: ZipFile, known: PublicKeys | None, checked: PackageCheck, format_: str
) -> PublicKeys | None:
    """Return the keys to trust; None when the signature, or the key, is missing."""
    names = package.namelist()
    twice = {name for name in names if names.count(name) > 1}
    checked.problems += [
        Message("{name}: is in the package twice", name=name) for name in sorted(twice)
    ]
    missing = _UNLISTED - set(names)
    checked.problems += [Message("{name}: is missing", name=name) for name in sorted(missing)]
    if missing:
        return None
    enclosed = keys.read_public(read(package, PUBLIC_KEY).decode(), PUBLIC_KEY)
    trusted = known or enclosed
    _check_manifest(package, trusted, checked, format_)
    if checked.key_id and checked.key_id not in enclosed.by_id:
        checked.problems.append(
            Message("{name}: is not the key that the manifest was signed with", name=PUBLIC_KEY)
        )
    _check_hashes(package, checked)
    return trusted


def _check_manifest(
    package: ZipFile, trusted: PublicKeys, checked: PackageCheck, format_: str
) -> None:
    data, signature = read(package, MANIFEST), read(package, SIGNATURE)
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
    if not isinstance(manifest, dict) or manifest.get("format") != format_:
        raise InvalidConfiguration(
            "{manifest}: is not one of {format}", manifest=MANIFEST, format=format_
        )
    checked.manifest = manifest


def _check_hashes(package: ZipFile, checked: PackageCheck) -> None:
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
        if sha256(read(package, name)).hexdigest() != listed[name]["sha256"]:
            checked.problems.append(
                Message("{name}: was changed: its SHA-256 is not that of the manifest", name=name)
            )


def _told(error: Exception) -> object:
    """Return why a package cannot be read, in our words where there are any."""
    if isinstance(error, FanzhaError):
        return error.as_message()
    return os_faults.fault(error) if isinstance(error, OSError) else error


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
