"""Receipts: which segments of an hour the archive has, verified; a file in the folder of the hour.

Written after each segment, so that a follower that is killed goes on where it was. Without it, the
store is asked, and nothing is sent twice.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from infra import atomic_file
from services.decision_log.partitions import HourPartition

FILE = "archived.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReceipt:
    """What was stored of a segment."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "ArchiveReceipt":
        """Describe a file."""
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            return cls(size=file.tell(), sha256=digest)


def read(hour: HourPartition) -> dict[str, ArchiveReceipt]:
    """Return the receipts of an hour by the name of the segment; none for a damaged file."""
    try:
        rows = json.loads((hour.folder / FILE).read_text(encoding="utf-8"))
        return {
            str(name): ArchiveReceipt(size=int(one["size"]), sha256=str(one["sha256"]))
            for name, one in rows.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        # The store is asked again, and has them.
        return {}


def write(hour: HourPartition, receipts: Mapping[str, ArchiveReceipt]) -> None:
    """Replace the receipts of an hour."""
    rows = {name: {"size": one.size, "sha256": one.sha256} for name, one in receipts.items()}
    atomic_file.write(hour.folder / FILE, json.dumps(rows, indent=1) + "\n")


def covers(hour: HourPartition) -> bool:
    """Return whether every segment in the folder of an hour has a receipt."""
    known = read(hour)
    return all(path.name in known for path in hour.segments())
