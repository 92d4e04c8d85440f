"""A copy of the lists in a file: sorted text, which any language reads in a page of code.

The first line is ``!fanzha-lists``, the version of the form, the token of the copy, its version,
the kinds it holds, and the SHA-256 of everything after this line, with tabs between. Then come the
lines of all kinds, sorted by bytes. ``!`` sorts before all of them, so the whole file is sorted.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fanzha.edge.entry import EdgeKind
from fanzha.edge.sorted_lines import SortedLines

MAGIC = b"!fanzha-lists\t1\t"
_MODE = 0o600


class DamagedMirror(ValueError):
    """A file that is no whole copy; whoever meets one begins with an empty copy."""


@dataclass(frozen=True, slots=True)
class MirroredLists:
    """A copy at one version."""

    token: str
    """Of the server; empty: nothing was copied yet."""
    version: int
    lists: Mapping[EdgeKind, SortedLines]
    """By each kind that is copied."""

    @classmethod
    def nothing(cls, kinds: frozenset[EdgeKind]) -> "MirroredLists":
        """Return the copy before the first answer."""
        return cls("", 0, {kind: SortedLines() for kind in sorted(kinds)})

    def blocks(self) -> Iterator[bytes]:
        """Return all lines, sorted, in parts."""
        for kind in sorted(self.lists):
            yield from self.lists[kind].blocks

    def save(self, path: Path) -> None:
        """Replace *path* by this copy: a reader sees the old file or the new one, never a part."""
        digest = sha256()
        for block in self.blocks():
            digest.update(block)
        kinds = ",".join(sorted(self.lists))
        head = f"{self.token}\t{self.version}\t{kinds}\t{digest.hexdigest()}\n".encode()
        new = path.with_name(f"{path.name}.new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:  # noqa: PTH123
            file.write(MAGIC + head)
            file.writelines(self.blocks())
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    @classmethod
    def load(cls, path: Path, kinds: frozenset[EdgeKind]) -> "MirroredLists":
        """Read a copy of *kinds*; raise `DamagedMirror`, and OSError as `open` does."""
        with path.open("rb") as file:
            head, body = file.readline(4096), file.read()
        try:
            token, version, names, digest = (
                head.removeprefix(MAGIC).decode().rstrip("\n").split("\t")
            )
            held = frozenset(map(EdgeKind, names.split(",")))
            number = int(version)
        except ValueError as error:
            raise DamagedMirror(f"{path}: its first line cannot be read") from error
        if not head.startswith(MAGIC) or sha256(body).hexdigest() != digest:
            raise DamagedMirror(f"{path}: its checksum does not hold")
        if held != kinds:
            raise DamagedMirror(f"{path}: it holds other kinds: {names}")
        everything = SortedLines.of_sorted([body])
        return cls(token, number, everything.by_first_field(sorted(kinds)))
