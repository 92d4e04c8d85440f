"""The zone on disk: the copy of the lists it began with, and each step since.

After a restart the steps are taken again, so the zone is the same at the same serial, and
secondaries get the differences they lack. A step is on disk before anybody is told of it; what a
crash tears off its end was told to nobody.

====================  ======================================================================
file                  what
====================  ======================================================================
``current``           the name of the two others, and how entries become records
``<serial>.lists``    a copy of the lists: docs/reference/edge-lists.md
``<serial>.steps``    a line of JSON for each step since
====================  ======================================================================
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from fanzha.client import DamagedMirror, MirroredLists
from fanzha.edge.entry import EdgeKind
from infra import atomic_file

logger = logging.getLogger(__name__)

KINDS = frozenset((EdgeKind.HOST,))
MOST_STEPS = 2000
"""Steps after which the copy is written anew."""
_CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStep:
    """What was taken over at once."""

    at_s: float
    version: int
    token: str
    edits: Mapping[str, str | None] = field(default_factory=dict)
    ended: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedZone:
    """What is on disk."""

    copy: MirroredLists
    serial: int
    at_s: float
    rules: str
    """How entries became records."""
    steps: Sequence[SavedStep]


class ZoneStore:
    """Reads and writes one folder; one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._steps: IO[bytes] | None = None
        self._count = 0

    def load(self) -> SavedZone | None:
        """Return what is on disk; None when there is nothing that can be used."""
        try:
            head = json.loads((self._folder / _CURRENT).read_bytes())
            copy = MirroredLists.load(self._file(head["serial"], "lists"), KINDS)
            steps = self._read_steps(self._file(head["serial"], "steps"))
            return SavedZone(
                copy=copy,
                serial=int(head["serial"]),
                at_s=float(head["at_s"]),
                rules=str(head["rules"]),
                steps=steps,
            )
        except FileNotFoundError:
            return None
        except (DamagedMirror, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("the zone on disk cannot be used, and begins anew: %s", error)
            return None

    def begin(self, copy: MirroredLists, serial: int, at_s: float, rules: str) -> None:
        """Write a copy that the zone begins with at a serial; drop what was there."""
        atomic_file.make_folder(self._folder)
        self.close()
        copy.save(self._file(serial, "lists"))
        steps = self._file(serial, "steps")
        steps.unlink(missing_ok=True)
        self._open(steps)
        head = {"serial": serial, "at_s": at_s, "rules": rules}
        atomic_file.write(self._folder / _CURRENT, json.dumps(head))
        for old in self._folder.glob("*.*"):
            if old.suffix in {".lists", ".steps"} and old.stem != str(serial):
                old.unlink()

    def resume(self, saved: SavedZone) -> None:
        """Go on after what was loaded: a step torn off by a crash is cut away."""
        steps = self._file(saved.serial, "steps")
        atomic_file.write(steps, b"".join(map(_line, saved.steps)))
        self._open(steps)
        self._count = len(saved.steps)

    def append(self, step: SavedStep) -> None:
        """Write a step; it is on disk when this returns."""
        if self._steps is None:
            raise RuntimeError("the zone has not begun")
        self._steps.write(_line(step))
        self._steps.flush()
        os.fsync(self._steps.fileno())
        self._count += 1

    @property
    def is_long(self) -> bool:
        """Whether the copy should be written anew."""
        return self._count >= MOST_STEPS

    def close(self) -> None:
        """Close the file of steps."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None
        self._count = 0

    def _open(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, atomic_file.FILE_MODE)
        self._steps = os.fdopen(descriptor, "ab")

    def _file(self, serial: object, suffix: str) -> Path:
        return self._folder / f"{int(str(serial))}.{suffix}"

    @staticmethod
    def _read_steps(path: Path) -> list[SavedStep]:
        if not path.exists():
            return []
        lines = path.read_bytes().splitlines(keepends=True)
        steps = []
        for number, line in enumerate(lines, 1):
            try:
                read: Any = json.loads(line)
                steps.append(SavedStep(**read | {"ended": tuple(read["ended"])}))
            except (ValueError, TypeError, KeyError):
                if number < len(lines):
                    raise
        return steps


def _line(step: SavedStep) -> bytes:
    return json.dumps(asdict(step), separators=(",", ":")).encode() + b"\n"
