"""The list files of a host: who writes them, who reads them, what names them.

``current.json`` in the folder names the files of one version and their checksums. It
is renamed into place, so a reader sees one version or the next, never a mixture. The
files it names never change; those nobody names any more are removed, and stay usable
for whoever has them mapped.
"""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from blocklists import segment_file, verified
from blocklists.delta import Lists
from blocklists.segment import Segment, empty
from blocklists.segment_file import DamagedFile
from fanzha.tables import Int64s
from infra import atomic_file

CURRENT = "current.json"
IN_STEP = "in-step"
"""Touched whenever the store said that what is current is its newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What ``current.json`` says."""

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

    def adopt(self, publication: Publication, lists: Lists) -> None:
        """Go on from what is in the folder, and was verified."""
        self._last, self._base, self._shadows = publication, lists.base, lists.shadows
        self._note_verified(publication)

    def publish(self, lists: Lists) -> Lists:
        """Write what is new of *lists*, and make it current; return them with the base mapped.

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
            verified.note(self._folder, names - self._noted, keep=names & self._noted)
        self._noted = names

    def _make_current(self, publication: Publication) -> None:
        text = json.dumps(asdict(publication))
        named = {"publication": text, "sha256": sha256(text.encode()).hexdigest()}
        atomic_file.write(self._folder / CURRENT, json.dumps(named))

    def _remove_unnamed(self, publication: Publication) -> None:
        for file in self._folder.glob("*.lists"):
            if file.name not in publication.files:
                file.unlink(missing_ok=True)


def current(folder: Path) -> Publication:
    """Read what is current; raise `DamagedFile` when there is nothing to be read."""
    try:
        written = json.loads((folder / CURRENT).read_text())
        text = str(written["publication"])
        if sha256(text.encode()).hexdigest() != written["sha256"]:
            raise DamagedFile(f"{CURRENT}: its checksum is wrong")
        return Publication(**json.loads(text))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedFile(f"{CURRENT}: {error}") from error


def load(
    folder: Path,
    publication: Publication,
    base: Segment | None = None,
    shadows: Segment | None = None,
) -> Lists:
    """Verify and map the files of *publication*.

    *base* and *shadows* are what is mapped already, if it is the same.
    """
    if shadows is None:
        shadows = (
            segment_file.read(folder / publication.shadows, publication.shadows_sha256)
            if publication.shadows
            else empty()
        )
    return Lists(
        version=publication.version,
        committed_at_ms=publication.committed_at_ms,
        commit=publication.commit,
        base=base
        if base is not None
        else segment_file.read(folder / publication.base, publication.base_sha256),
        overlay=segment_file.read(folder / publication.overlay, publication.overlay_sha256),
        dead=_decoded(publication.dead),
        shadows=shadows,
    )


def _encoded(rows: Int64s) -> str:
    return rows.astype("<i8").tobytes().hex()


def _decoded(text: str) -> Int64s:
    return np.frombuffer(bytes.fromhex(text), "<i8").astype(np.int64)
