"""Compacts a day of the log into a Hive partition of the warehouse, sorted by who called.

``day=2026-01-05/kind=call/part-0.parquet``. Rows of one caller lie together, so that a question
about one reads a row group or two of each day. DuckDB sorts within its memory limit and spills to
the folder; its one thread runs beside a service at the niceness of whoever calls.
"""

import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from fanzha.errors import Unavailable
from infra import atomic_file
from services.decision_log import compaction, schema, segment_files
from services.decision_log.archive import layout
from services.decision_log.partitions import HourPartition, hours_of
from services.decision_log.segment_files import LogSegment
from services.decision_log.warehouse import rows as warehouse_rows
from services.decision_log.warehouse.keyed_hash import HashKey
from services.decision_log.warehouse.rows import WAREHOUSE, FindRegions

logger = logging.getLogger(__name__)

KINDS = tuple(schema.FOLDERS.values())
MANIFEST = "_manifest.json"
_VERSION = 1
"""Of the columns; partitions of another are built anew."""
ROW_GROUP = 122_880
FILE_BYTES = 512 * 2**20
_BUILDING, _REPLACED = ".building", ".replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPartition:
    """A partition that was written."""

    folder: Path
    rows: int
    bytes: int
    segments: int
    """Segments of the log that it was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseOptions:
    """Where the warehouse is, and what it is made with."""

    log: Path
    folder: Path
    key: HashKey
    regions: FindRegions = warehouse_rows.no_regions
    memory: str = "1GB"


class PartitionWriter:
    """Writes partitions. Blocking."""

    def __init__(self, options: WarehouseOptions) -> None:
        self._options = options

    def build(self, day: str, kind: str) -> BuiltPartition | None:
        """Write the partition of a day; None where it is as the log has it, or the log has none.

        Raises `Unavailable`, and leaves the partition as it was: the disk is full, or a segment was
        removed meanwhile.
        """
        segments = self._segments(day, kind)
        place = self._options.folder / f"day={day}" / f"kind={kind}"
        sources = sorted(segment.path.name for segment in segments)
        if not segments or _manifest(place).get("sources") == sources:
            return None
        building = place.with_name(_BUILDING + place.name)
        shutil.rmtree(building, ignore_errors=True)
        atomic_file.make_folder(building)
        try:
            self._sort_into(building, segments)
            rows = _rows(building)
            manifest = {"version": _VERSION, "rows": rows, "sources": sources}
            atomic_file.write(building / MANIFEST, json.dumps(manifest, indent=1) + "\n")
            _swap(building, place)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        files = [path for path in place.iterdir() if path.suffix == ".parquet"]
        return BuiltPartition(
            folder=place,
            rows=rows,
            bytes=sum(path.stat().st_size for path in files),
            segments=len(segments),
        )

    def remove_before(self, day: str) -> list[str]:
        """Remove the days before *day*; return them."""
        gone = []
        for folder in sorted(self._options.folder.glob("day=????-??-??")):
            if folder.name.removeprefix("day=") < day:
                shutil.rmtree(folder)
                gone.append(folder.name.removeprefix("day="))
        return gone

    def _segments(self, day: str, kind: str) -> list[LogSegment]:
        layout.start_of(day)
        hours: Sequence[HourPartition] = hours_of(self._options.log / kind / day, kind)
        torn: list[Path] = []
        found = [one for hour in hours for one in segment_files.readable(hour, torn)]
        for path in torn:
            logger.warning("%s is torn, and left out", path.name)
        return found

    def _sort_into(self, building: Path, segments: Sequence[LogSegment]) -> None:
        try:
            self._sort(segments, building)
        except duckdb.Error as error:
            reason = str(error).partition(" Detail:")[0].partition("\n")[0]
            raise Unavailable("the warehouse: {error}", error=reason) from error

    def _sort(self, segments: Sequence[LogSegment], building: Path) -> None:
        spill = building / "spill"
        atomic_file.make_folder(spill)
        reader = pa.RecordBatchReader.from_batches(WAREHOUSE, self._batches(segments))
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._options.memory,
            "temp_directory": str(spill),
            "threads": "1",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(":memory:", config=config) as connection:
            connection.register("decisions", reader)
            connection.execute(
                "COPY (SELECT * FROM decisions ORDER BY from_hash, to_hash, decided_at_ms) "  # noqa: S608
                f"TO '{_quoted(building / 'parts')}' (FORMAT parquet, COMPRESSION zstd, "
                f"ROW_GROUP_SIZE {ROW_GROUP}, FILE_SIZE_BYTES {FILE_BYTES}, "
                "FILENAME_PATTERN 'part-{i}')"
            )
        for part in sorted((building / "parts").iterdir()):
            part.chmod(atomic_file.FILE_MODE)
            part.rename(building / part.name)
        (building / "parts").rmdir()
        shutil.rmtree(spill, ignore_errors=True)

    def _batches(self, segments: Sequence[LogSegment]) -> Iterator[pa.RecordBatch]:
        needed = pa.schema([schema.DECISIONS.field(name) for name in warehouse_rows.NEEDED])
        torn: list[Path] = []
        for segment in segments:
            for part in segment_files.tables(segment.path, needed.names, (), torn):
                whole = compaction.completed(part, needed).cast(needed)
                table = warehouse_rows.of_log(whole, self._options.key, self._options.regions)
                yield from table.to_batches()


def _manifest(place: Path) -> dict[str, Any]:
    try:
        found = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("version") == _VERSION else {}


def _rows(folder: Path) -> int:
    files = folder.glob("*.parquet")
    return sum(segment_files.read_footer(path).rows for path in files)


def _swap(building: Path, place: Path) -> None:
    """Put the new partition in the place of the old one; both are gone for a moment."""
    replaced = place.with_name(_REPLACED + place.name)
    shutil.rmtree(replaced, ignore_errors=True)
    if place.exists():
        place.rename(replaced)
    building.rename(place)
    atomic_file.sync_folder(place.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
