"""Backup of a host's data while it serves, and its restoration into an empty folder.

An archive is a tar file: what cannot be made again, first the store, then what is written before
it (the audit log records a change before the store has it, so the archive never has a change
without its record), and last a manifest with the SHA-256 of every file. Files that only grow are
copied up to the size they had. Left out is what processes make anew: list files, metrics, sockets,
tables shared by workers. The archive holds the private key of the audit log, the key that hashes
handsets, and personal data.
"""

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any

from fanzha.errors import InvalidInput
from infra import atomic_file, data_paths
from services.decision_log import options
from services.processes import aof_pause
from services.settings.settings import Settings

MANIFEST = "manifest.json"
_VERSION = 1
_PIECE = 2**20
_PASSES = 10
"""Over files that come and go while the archive is written: small segments are joined."""
_OF_THE_STORE = ("appendonlydir",)
_NO_FILES = (".lock", ".new")


@dataclass(slots=True)
class BackupReport:
    """What an archive holds."""

    made_ms: int
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Size and SHA-256 of each file, by its name in the archive."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())


def back_up(settings: Settings, archive: Path, *, now_ms: int) -> BackupReport:
    """Write the data of this host to *archive*, which must not be there; return what it holds.

    Raises `InvalidInput` where there is nothing, and `Unavailable` where the store refuses.
    """
    report = BackupReport(made_ms=now_ms)
    if archive.exists():
        raise InvalidInput("{path}: is there already", path=archive)
    with atomic_file.replacing(archive) as file, tarfile.open(fileobj=file, mode="w") as tar:
        store = settings.data_dir / data_paths.VALKEY
        with aof_pause.paused(store):
            for name in _OF_THE_STORE:
                _add_all(tar, store / name, f"{data_paths.VALKEY}/{name}", report)
        for name, folder in _folders(settings).items():
            _add_all(tar, folder, name, report)
        if not report.files:
            raise InvalidInput("{folder}: holds no data of Fanzha", folder=settings.data_dir)
        _add_manifest(tar, report)
    return report


def restore(archive: Path, folder: Path) -> BackupReport:
    """Unpack *archive* into *folder*, which must be missing or empty; return what it held.

    Nothing is left there unless every file is as the manifest says. Raises `InvalidInput`.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput("{path}: is not empty", path=folder)
    atomic_file.make_folder(folder.parent)
    beside = folder.with_name(f"{folder.name}.restoring")
    if beside.exists():
        shutil.rmtree(beside)
    try:
        with tarfile.open(archive, "r:") as tar:
            report = _unpack(tar, beside)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except tarfile.TarError as error:
        raise InvalidInput("{path}: no backup: {error}", path=archive, error=error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    atomic_file.sync_folder(folder.parent)
    return report


def _folders(settings: Settings) -> dict[str, Path]:
    """Return what is backed up after the store, by its name in the archive and in a new folder."""
    data = settings.data_dir
    return {
        data_paths.AUDIT: settings.audit_dir or data / data_paths.AUDIT,
        data_paths.APPEALS: data / data_paths.APPEALS,
        data_paths.MODELS: data / data_paths.MODELS,
        data_paths.CARRIER_POLICY: data / data_paths.CARRIER_POLICY,
        data_paths.HANDSET_KEY: data / data_paths.HANDSET_KEY,
        data_paths.DECISIONS: options.folder(settings),
    }


def _add_all(tar: tarfile.TarFile, root: Path, name: str, report: BackupReport) -> None:
    for _ in range(_PASSES):
        added = sum(
            _add(tar, path, f"{name}/{path.relative_to(root)}" if path != root else name, report)
            for path in _files(root)
        )
        if not added:
            return


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = Path(folder, name)
            if not name.endswith(_NO_FILES) and not path.is_symlink() and path.is_file():
                yield path


def _add(tar: tarfile.TarFile, path: Path, name: str, report: BackupReport) -> bool:
    """Add a file up to the size it has now; return whether that was new."""
    if name in report.files:
        return False
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            reader = _Hashing(file)
            tar.addfile(_member(name, size, report.made_ms), reader)
    except FileNotFoundError:
        return False  # it was replaced; the next pass finds what replaced it
    report.files[name] = size, reader.digest
    return True


def _add_manifest(tar: tarfile.TarFile, report: BackupReport) -> None:
    text = json.dumps(
        {
            "version": _VERSION,
            "made_ms": report.made_ms,
            "files": {name: list(one) for name, one in report.files.items()},
        }
    ).encode()
    tar.addfile(_member(MANIFEST, len(text), report.made_ms), io.BytesIO(text))


def _member(name: str, size: int, made_ms: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, atomic_file.FILE_MODE
    member.mtime = made_ms // 1000
    return member


class _Hashing:
    """A file that knows the SHA-256 of what was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = sha256()

    def read(self, size: int = -1) -> bytes:
        """Read as a file does."""
        piece = self._file.read(size)
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        """SHA-256 of what was read, hexadecimal."""
        return self._hash.hexdigest()


def _unpack(tar: tarfile.TarFile, folder: Path) -> BackupReport:
    found: dict[str, tuple[int, str]] = {}
    told: dict[str, Any] | None = None
    for member in tar:
        file = tar.extractfile(member) if member.isreg() else None
        if file is None or told is not None:
            raise InvalidInput("{name}: does not belong into a backup", name=member.name)
        if member.name == MANIFEST:
            told = _manifest(file.read())
        else:
            found[member.name] = _write(file, folder / _safe(member.name))
    if told is None:
        raise InvalidInput("the backup ends before its manifest: it is not whole")
    if {name: list(one) for name, one in found.items()} != told["files"]:
        raise InvalidInput("files of the backup are not as its manifest says")
    return BackupReport(made_ms=told["made_ms"], files=found)


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(text)
        version, made_ms, files = told["version"], told["made_ms"], told["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("the manifest of the backup cannot be read") from error
    if version != _VERSION or not isinstance(made_ms, int) or not isinstance(files, dict):
        raise InvalidInput("the backup is of another version of Fanzha")
    return told


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] == () or "\0" in name:
        raise InvalidInput("{name}: does not belong into a backup", name=name)
    if path.parts[0] not in data_paths.OURS:
        raise InvalidInput("{name}: does not belong into a backup", name=name)
    return path


def _write(source: IO[bytes], path: Path) -> tuple[int, str]:
    atomic_file.make_folder(path.parent)
    size, digest = 0, sha256()
    with atomic_file.create(path, fresh=False) as file:
        while piece := source.read(_PIECE):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
