"""The list files of a host: who writes them, who reads them, what names them.

``current.json`` in the folder names the files of one version and their checksums. It
is renamed into place, so a reader sees one version or the next, never a mixture. The
files it names never change; unreferenced ones are removed, and stay usable
for processes that have them mapped.
"""

import json
import os
import re
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from blocklists.column_checks import BadColumns, whole_number
from blocklists.entries import EntryMode
from blocklists.snapshot import findings, segment_file, verified_files
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.findings import Finding
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.segment_file import DamagedFile
from fanzha.tables import Int64s
from infra import atomic_file

CURRENT = "current.json"
IN_STEP = "in-step"
"""Touched whenever the store confirmed that the current lists are its newest."""
_MOST_BYTES = 2**30
"""Of ``current.json``: the dead rows of a base are most of it, before they become a new base."""
_LARGEST_VERSION = 2**53
_LATEST_MS = 253_402_300_799_000
_FILE_NAME = re.compile(r"[a-z]+-[0-9a-f]{1,64}\.lists", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Contents of ``current.json``."""

    version: int
    committed_at_ms: int
    commit: str
    base: str
    base_sha256: str
    overlay: str
    overlay_sha256: str
    dead: str
    """The dead rows of the base: int64, little endian, in hexadecimal."""
    shadows: str = ""
    """Empty when there are no shadow entries, as in files of earlier releases."""
    shadows_sha256: str = ""
    findings: tuple[Finding, ...] = ()
    """What is wrong with changes that led here; not written where there is nothing."""

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its list files."""
        return tuple(name for name in (self.base, self.overlay, self.shadows) if name)


class Publisher:
    """Writes list files into a folder; one process only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: Publication | None = None
        self._base: Segment | None = None
        self._shadows: Segment | None = None
        self._noted: set[str] = set()
        """Files that are noted as verified, as they are now."""
        atomic_file.make_folder(folder)

    def adopt(self, publication: Publication, lists: ListSegments) -> None:
        """Continue from verified files in the folder."""
        self._last, self._base, self._shadows = publication, lists.base, lists.shadows
        self._note_verified(publication)

    def publish(self, lists: ListSegments) -> ListSegments:
        """Write the changed parts of *lists*, make them current, return them with the base mapped.

        The caller goes on with what is returned, so that the pages of a base exist once on
        a host.
        """
        base, (base_name, base_sha256) = self._written_base(lists.base)
        overlay_name, overlay_sha256 = self._written("overlay", lists.overlay)
        shadows, (shadows_name, shadows_sha256) = self._written_shadows(lists.shadows)
        publication = Publication(
            version=lists.version,
            committed_at_ms=lists.committed_at_ms,
            commit=lists.commit,
            base=base_name,
            base_sha256=base_sha256,
            overlay=overlay_name,
            overlay_sha256=overlay_sha256,
            dead=_encoded(lists.dead),
            shadows=shadows_name,
            shadows_sha256=shadows_sha256,
            findings=lists.findings,
        )
        self._note_verified(publication)
        self._make_current(publication)
        self._last, self._base, self._shadows = publication, base, shadows
        self._remove_unnamed(publication)
        return replace(lists, base=base, shadows=shadows)

    def _written_base(self, base: Segment) -> tuple[Segment, tuple[str, str]]:
        if self._last is not None and self._base is base:
            return base, (self._last.base, self._last.base_sha256)
        name, digest = self._written("base", base)
        return self._read_back(name, digest), (name, digest)

    def _written_shadows(self, shadows: Segment) -> tuple[Segment, tuple[str, str]]:
        if not len(shadows):
            return shadows, ("", "")
        if self._last is not None and self._shadows is shadows:
            return shadows, (self._last.shadows, self._last.shadows_sha256)
        name, digest = self._written("shadows", shadows)
        return self._read_back(name, digest), (name, digest)

    def _read_back(self, name: str, digest: str) -> Segment:
        segment = segment_file.read(self._folder / name, digest)
        self._noted.discard(name)
        return segment

    def _written(self, what: str, segment: Segment) -> tuple[str, str]:
        # Named by its contents, so that a name never means two things.
        beside = self._folder / f"{what}.writing"
        digest = segment_file.write(beside, segment)
        name = f"{what}-{digest[:20]}.lists"
        beside.rename(self._folder / name)
        return name, digest

    def _note_verified(self, publication: Publication) -> None:
        # An overlay was not read back, and is small.
        names = {name for name in (publication.base, publication.shadows) if name}
        if names - self._noted:
            verified_files.note(self._folder, names - self._noted, keep=names & self._noted)
        self._noted = names

    def _make_current(self, publication: Publication) -> None:
        text = json.dumps(_written(publication))
        named = {"publication": text, "sha256": sha256(text.encode()).hexdigest()}
        atomic_file.write(self._folder / CURRENT, json.dumps(named))

    def _remove_unnamed(self, publication: Publication) -> None:
        for file in self._folder.glob("*.lists"):
            if file.name not in publication.files:
                file.unlink(missing_ok=True)


def current(folder: Path) -> Publication:
    """Read ``current.json``; raise `DamagedFile` when it is missing or damaged."""
    try:
        return _publication(_verified_json(folder / CURRENT))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # What JSON can hold and was never written; what an error quotes of it is not told.
        reason = str(error) if isinstance(error, OSError | BadColumns) else type(error).__name__
        raise DamagedFile(f"{CURRENT}: {reason}") from error


def load(
    folder: Path,
    publication: Publication,
    base: Segment | None = None,
    shadows: Segment | None = None,
) -> ListSegments:
    """Verify and map the files of *publication*.

    *base* and *shadows* are what is mapped already, if it is the same.
    """
    if shadows is None:
        shadows = (
            segment_file.read(folder / publication.shadows, publication.shadows_sha256)
            if publication.shadows
            else empty()
        )
    if base is None:
        base = segment_file.read(folder / publication.base, publication.base_sha256)
    overlay = segment_file.read(folder / publication.overlay, publication.overlay_sha256)
    _check_modes(base, overlay, shadows)
    return ListSegments(
        version=publication.version,
        committed_at_ms=publication.committed_at_ms,
        commit=publication.commit,
        base=base,
        overlay=overlay,
        dead=_dead(publication.dead, len(base)),
        findings=publication.findings,
        shadows=shadows,
    )


def _verified_json(file: Path) -> Any:
    """Read what a file says, if its checksum is right."""
    with file.open("rb") as opened:
        # No bound for `read`: it asks the system for that much first.
        if os.fstat(opened.fileno()).st_size > _MOST_BYTES:
            raise BadColumns(f"has more than {_MOST_BYTES} bytes")
        whole = opened.read()
    written = json.loads(whole)
    text = written["publication"]
    if sha256(text.encode()).hexdigest() != written["sha256"]:
        raise BadColumns("its checksum is wrong")
    return json.loads(text)


def _publication(written_findings: Any) -> Publication:
    """Read what `_written` wrote; raise `BadColumns` for anything else."""
    if not isinstance(written_findings, dict):
        raise BadColumns("is no JSON object")
    known = {each.name: each for each in fields(Publication)}
    if not written_findings.keys() <= known.keys():
        raise BadColumns("has a field that this release does not know")
    texts = {name for name, each in known.items() if each.type is str or each.type == "str"}
    for name in texts & written_findings.keys():
        if not isinstance(written_findings[name], str):
            raise BadColumns(f"{name}: is no text")
    publication = Publication(
        **written_findings | {"findings": findings.read(written_findings.get("findings", []))}
    )
    whole_number(publication.version, "version", most=_LARGEST_VERSION)
    whole_number(publication.committed_at_ms, "committed_at_ms", most=_LATEST_MS)
    for name in publication.files:
        if not _FILE_NAME.fullmatch(name):
            raise BadColumns("names a file that is no list file of its folder")
    if not publication.base or not publication.overlay:
        raise BadColumns("names no base or no overlay")
    return publication


def _written(publication: Publication) -> dict[str, Any]:
    written_findings = {each.name: getattr(publication, each.name) for each in fields(Publication)}
    # Releases before there were findings know no such field.
    written_findings.pop("findings")
    if publication.findings:
        written_findings["findings"] = [one.written() for one in publication.findings]
    return written_findings


def _check_modes(base: Segment, overlay: Segment, shadows: Segment) -> None:
    """Check that no shadow entry would block, and no entry that blocks is a shadow."""
    if base.mode is not EntryMode.ENFORCE or overlay.mode is not EntryMode.ENFORCE:
        raise DamagedFile(f"{CURRENT}: names shadow entries in the place of those that enforce")
    if len(shadows) and shadows.mode is not EntryMode.SHADOW:
        raise DamagedFile(f"{CURRENT}: names entries that enforce in the place of shadows")


def _encoded(rows: Int64s) -> str:
    return rows.astype("<i8").tobytes().hex()


def _dead(text: str, rows: int) -> Int64s:
    """Read the dead rows of a base of *rows*."""
    try:
        dead = np.frombuffer(bytes.fromhex(text), "<i8").astype(np.int64)
    except ValueError as error:
        raise DamagedFile(f"{CURRENT}: dead: is not what was written") from error
    if len(dead) and not (dead[0] >= 0 and dead[-1] < rows and (dead[1:] > dead[:-1]).all()):
        raise DamagedFile(f"{CURRENT}: dead: holds what is no row of the base, or one twice")
    return dead
