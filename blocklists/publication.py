"""The list files of a host: who writes them, who reads them, what names them.

``current.json`` in the folder names the files of one version and their checksums. It
is renamed into place, so a reader sees one version or the next, never a mixture. The
files it names never change; those nobody names any more are removed, and stay usable
for whoever has them mapped.
"""

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from blocklists import segment_file
from blocklists.delta import Lists
from blocklists.segment import Segment
from blocklists.segment_file import DamagedFile
from fanzha.tables import Int64s

CURRENT = "current.json"
IN_STEP = "in-step"
"""Touched whenever the store said that what is current is its newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What ``current.json`` says."""

    version: int
    committed_at_ms: int
    base: str
    base_sha256: str
    overlay: str
    overlay_sha256: str
    dead: str
    """The dead rows of the base: int64, little endian, in hexadecimal."""


class Publisher:
    """Writes list files into a folder; one process only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: Publication | None = None
        self._base: Segment | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def adopt(self, publication: Publication, lists: Lists) -> None:
        """Go on from what is in the folder."""
        self._last, self._base = publication, lists.base

    def publish(self, lists: Lists) -> Publication:
        """Write what is new of *lists*, and make it current."""
        name = f"{lists.version}-{lists.committed_at_ms}"
        if self._last is not None and self._base is lists.base:
            base, base_sha256 = self._last.base, self._last.base_sha256
        else:
            base = f"base-{name}.lists"
            base_sha256 = segment_file.write(self._folder / base, lists.base)
        overlay = f"overlay-{name}.lists"
        overlay_sha256 = segment_file.write(self._folder / overlay, lists.overlay)
        publication = Publication(
            version=lists.version,
            committed_at_ms=lists.committed_at_ms,
            base=base,
            base_sha256=base_sha256,
            overlay=overlay,
            overlay_sha256=overlay_sha256,
            dead=_encoded(lists.dead),
        )
        self._make_current(publication)
        self._last, self._base = publication, lists.base
        self._remove_unnamed(publication)
        return publication

    def _make_current(self, publication: Publication) -> None:
        beside = self._folder / (CURRENT + ".new")
        with beside.open("w") as file:
            text = json.dumps(asdict(publication))
            json.dump({"publication": text, "sha256": sha256(text.encode()).hexdigest()}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self._folder / CURRENT)

    def _remove_unnamed(self, publication: Publication) -> None:
        for file in self._folder.glob("*.lists"):
            if file.name not in (publication.base, publication.overlay):
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


def load(folder: Path, publication: Publication, base: Segment | None = None) -> Lists:
    """Verify and map the files of *publication*; *base* is the mapped base, if it is that one."""
    return Lists(
        version=publication.version,
        committed_at_ms=publication.committed_at_ms,
        base=base or segment_file.read(folder / publication.base, publication.base_sha256),
        overlay=segment_file.read(folder / publication.overlay, publication.overlay_sha256),
        dead=_decoded(publication.dead),
    )


def _encoded(rows: Int64s) -> str:
    return rows.astype("<i8").tobytes().hex()


def _decoded(text: str) -> Int64s:
    return np.frombuffer(bytes.fromhex(text), "<i8").astype(np.int64)
