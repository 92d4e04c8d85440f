"""Writes segments atomically, and finds those that are torn anyway.

A segment is written beside its name, flushed to the disk and renamed: under its name it is
whole. What a crash leaves unfinished, and what a disk or a mount tore later, is *set aside*:
renamed, so that no query reads it, and kept for inspection. A segment that a
compaction replaced may still be there; its name is in the other's metadata, and it does not count.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra import atomic_file
from services.decision_log.partitions import TORN, UNFINISHED, HourPartition

logger = logging.getLogger(__name__)

COMPRESSION = "zstd"
LEVEL = 3
ROW_GROUP = 262_144
"""Rows read at once; more would not speed reading up."""
_LISTINGS = 20
"""Tries to list an hour while segments of it are joined."""

_REPLACES, _DROPPED, _FIRST_MS = "fanzha.replaces", "fanzha.dropped", "fanzha.first_ms"
_UNREADABLE = (
    *(pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError),
    *(UnicodeDecodeError, OSError),  # the first for names of columns
)
"""Errors of reading a torn file; a missing file is handled before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentMetadata:
    """What a segment says of itself."""

    first_ms: int
    """When the first decision in it was made."""
    dropped: int = 0
    """Rows lost before it, because the buffer was full or the disk was."""
    replaces: Sequence[str] = ()
    """Names of the segments that it was made of."""

    def written(self) -> dict[str, str]:
        """Return the notes as metadata."""
        return {
            _FIRST_MS: str(self.first_ms),
            _DROPPED: str(self.dropped),
            _REPLACES: json.dumps(list(self.replaces)),
        }

    @classmethod
    def read(cls, metadata: Mapping[bytes, bytes] | None) -> "SegmentMetadata":
        """Read what `written` wrote."""
        known = metadata or {}
        return cls(
            first_ms=int(known.get(_FIRST_MS.encode(), b"0")),
            dropped=int(known.get(_DROPPED.encode(), b"0")),
            replaces=json.loads(known.get(_REPLACES.encode(), b"[]")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSegment:
    """A segment that can be read."""

    path: Path
    rows: int
    notes: SegmentMetadata


def write(parts: Iterable[pa.Table], schema: pa.Schema, path: Path, notes: SegmentMetadata) -> int:
    """Write a segment of tables with one *schema*, each a row group; return its bytes."""
    atomic_file.make_folder(path.parent)
    with atomic_file.replacing(path, beside=path.with_suffix(UNFINISHED)) as file:
        return _write_tables(parts, schema, file, notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFooter:
    """What the footer of a segment says."""

    rows: int
    notes: SegmentMetadata

    @classmethod
    def of(cls, metadata: Any) -> "SegmentFooter":
        """Read the metadata of a Parquet file."""
        return cls(rows=metadata.num_rows, notes=SegmentMetadata.read(metadata.metadata))


def read_footer(path: Path) -> SegmentFooter:
    """Read a footer from the disk."""
    return SegmentFooter.of(pq.read_metadata(path))


ReadFooter = Callable[[Path], SegmentFooter]


def readable(
    hour: HourPartition, torn: list[Path], footer: ReadFooter = read_footer
) -> list[LogSegment]:
    """Return the segments of an hour that count; what is torn is set aside and put into *torn*.

    *footer* reads one, or remembers it.
    """
    found = _listed(hour, torn, footer)
    gone = _replaced(found)
    return [segment for segment in found if segment.path.name not in gone]


def replaced(hour: HourPartition, torn: list[Path]) -> list[Path]:
    """Return segments that a compaction replaced and could not remove."""
    found = _listed(hour, torn, read_footer)
    gone = _replaced(found)
    return [segment.path for segment in found if segment.path.name in gone]


class TornSegment(Exception):
    """A segment whose footer is whole cannot be read in the middle."""


class RowGroup:
    """The rows of a segment that are read at once."""

    def __init__(self, file: pq.ParquetFile, number: int) -> None:
        self._file = file
        self._number = number
        self.rows: int = file.metadata.row_group(number).num_rows

    def read(self, columns: Sequence[str] | None) -> pa.Table:
        """Read some columns; None: all."""
        names = None if columns is None else list(columns)
        try:
            return self._file.read_row_group(self._number, columns=names, use_threads=False)
        except _UNREADABLE as error:
            raise TornSegment(type(error).__name__) from error


@contextmanager
def groups(path: Path, words: Sequence[str], torn: list[Path]) -> Iterator[Iterator[RowGroup]]:
    """Open a segment, to read a row group at a time, *words* as dictionaries.

    Raises FileNotFoundError when a compaction replaced the file meanwhile; one that is torn in the
    middle is set aside and ends the block, and what was read before stays read.
    """
    try:
        file = pq.ParquetFile(path, read_dictionary=list(words))
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        _set_aside(path, error, torn)
        yield iter(())
        return
    with file:
        try:
            yield (RowGroup(file, number) for number in range(file.num_row_groups))
        except TornSegment as error:
            _set_aside(path, error, torn)


def tables(
    path: Path, columns: Sequence[str], words: Sequence[str], torn: list[Path]
) -> Iterator[pa.Table]:
    """Read some columns of a segment, a row group at a time; see `groups`."""
    with groups(path, words, torn) as found:
        for group in found:
            yield group.read(columns)


def read_through(paths: Iterable[Path], torn: list[Path]) -> int:
    """Read segments from end to end; return how many are torn, and were set aside."""
    before = len(torn)
    for path in paths:
        with groups(path, (), torn) as found:
            for group in found:
                group.read(None)
    return len(torn) - before


def unfinished_of_the_dead(hour: HourPartition, is_alive: Callable[[Path], bool]) -> list[Path]:
    """Set aside what writers that have died left unfinished; return the new names."""
    torn: list[Path] = []
    for path in hour.files(UNFINISHED):
        if not is_alive(path):
            _set_aside(path, None, torn)
    return torn


def _write_tables(
    parts: Iterable[pa.Table], schema: pa.Schema, file: IO[bytes], notes: SegmentMetadata
) -> int:
    # What is read back shall not depend on how a writer had it in memory.
    with pq.ParquetWriter(
        file,
        schema,
        compression=COMPRESSION,
        compression_level=LEVEL,
        use_dictionary=_texts(schema),
        store_schema=False,
    ) as writer:
        for part in parts:
            writer.write_table(part, row_group_size=ROW_GROUP)
        writer.add_key_value_metadata(notes.written())
    return int(file.tell())


def _texts(schema: pa.Schema) -> list[str]:
    """Return the columns worth a dictionary: of numbers it takes twice the time, and more room."""
    names: list[str] = []
    for field in schema:
        if pa.types.is_list(field.type):
            if pa.types.is_string(field.type.value_type):
                names.append(f"{field.name}.list.element")
        elif pa.types.is_map(field.type):
            names.append(f"{field.name}.key_value.key")
        elif pa.types.is_string(field.type) or pa.types.is_dictionary(field.type):
            names.append(field.name)
    return names


def _listed(hour: HourPartition, torn: list[Path], footer: ReadFooter) -> list[LogSegment]:
    for _ in range(_LISTINGS):
        try:
            return _footers(hour, torn, footer)
        except FileNotFoundError:
            # It was merged, and this listing may lack the new segment: list again.
            continue
    raise FileNotFoundError(f"{hour.channel}: segments go faster than they are listed")


def _footers(hour: HourPartition, torn: list[Path], footer: ReadFooter) -> list[LogSegment]:
    found: list[LogSegment] = []
    for path in hour.segments():
        read = _footer(path, torn, footer)
        if read is not None:
            found.append(LogSegment(path=path, rows=read.rows, notes=read.notes))
    return found


def _replaced(segments: Iterable[LogSegment]) -> set[str]:
    return {name for segment in segments for name in segment.notes.replaces}


def _footer(path: Path, torn: list[Path], footer: ReadFooter) -> SegmentFooter | None:
    try:
        return footer(path)
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        _set_aside(path, error, torn)
        return None


def _set_aside(path: Path, error: BaseException | None, torn: list[Path]) -> None:
    aside = path.with_name(path.name + TORN)
    kind = "unfinished" if error is None else type(error).__name__
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    except OSError as refused:
        # A reader without the right to rename still must not count it.
        logger.warning("segment %s is torn (%s) and stays: %s", path.name, kind, refused.strerror)
        torn.append(path)
        return
    logger.warning("segment %s is torn (%s) and set aside", path.name, kind)
    torn.append(aside)
