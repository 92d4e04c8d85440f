"""Segments as files that many processes map and none changes.

Layout: an 8-byte mark, the length of the header (4 bytes, little endian), SHA-256 of
the header, the header in JSON, then the columns, each at a multiple of 64 bytes. The
header names every column with its place and dtype, the groups, and SHA-256 of all
that follows it. A file is written beside its final name and renamed into place.

A file is read once with ordinary reads to verify it, so that its pages count for
nobody; afterwards it is mapped, and shared between the processes of a host. One of
them does so for all: see `blocklists.snapshot.verified_files`.
"""

import json
import mmap
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from blocklists.column_checks import BadColumns
from blocklists.entries import EntryKind, EntryMode
from blocklists.indexes.lsh import BandIndex
from blocklists.indexes.slot_index import SlotIndex
from blocklists.snapshot import segment_validation
from blocklists.snapshot.segment import KeyGroup, Segment
from blocklists.snapshot.segment_validation import Column
from blocklists.snapshot.verified_files import noted
from blocklists.text_column import TextColumn
from fanzha.fingerprint import VALUES
from infra import atomic_file

MARK = b"FANZHA01"
_ALIGNMENT = 64
_HASH_BYTES = 32
_READ_BYTES = 1 << 22
_LARGEST_HEADER = 1 << 20


class DamagedFile(ValueError):
    """A list file is damaged and must not be used."""


def write(path: Path, segment: Segment) -> str:
    """Write *segment* to *path*, safely; return the SHA-256 of its header, which names the rest."""
    columns = dict(_columns(segment))
    body, place = sha256(), 0
    sections: list[tuple[str, str, int, int]] = []
    for name, column in columns.items():
        padding = -place % _ALIGNMENT
        body.update(bytes(padding))
        body.update(np.ascontiguousarray(column).data)
        place += padding
        sections.append((name, column.dtype.str, place, len(column)))
        place += column.nbytes
    header = json.dumps(
        {
            "groups": [[group.kind, group.digits, group.first_row] for group in segment.groups],
            "has_prefix_hosts": segment.prefix_hosts is not None,
            "mode": segment.mode,
            "first_fingerprint": None if segment.bands is None else segment.bands.first_row,
            "sections": sections,
            "bytes": place,
            "sha256": body.hexdigest(),
        }
    ).encode()
    with atomic_file.replacing(path) as file:
        file.write(MARK + len(header).to_bytes(4, "little") + sha256(header).digest() + header)
        file.write(bytes(-file.tell() % _ALIGNMENT))
        start = file.tell()
        for (_, _, at, _), column in zip(sections, columns.values(), strict=True):
            file.write(bytes(start + at - file.tell()))
            np.ascontiguousarray(column).tofile(file)
    return sha256(header).hexdigest()


def read(path: Path, expected: str | None = None) -> Segment:
    """Verify and map a file; *expected* is what `write` returned. Raises `DamagedFile`.

    Columns that a process of this host has verified are not checked again. No look-up in the
    result can fail, whoever wrote the file.
    """
    try:
        return _read(path, expected)
    except (BadColumns, RecursionError) as error:
        raise DamagedFile(f"{path.name}: {error}") from error


def _read(path: Path, expected: str | None) -> Segment:
    try:
        with path.open("rb") as file:
            header, start, digest = _header(file, path)
            if expected is not None and digest != expected:
                raise DamagedFile(f"{path.name}: is another file than the one that was written")
            _verify_size(path, header, start)
            verified = noted(path)
            if not verified:
                _verify_columns(file, path, header, start)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise DamagedFile(f"{path.name}: cannot be read: {error}") from error
    sections = {
        name: np.frombuffer(mapped, np.dtype(dtype), length, start + at)
        for name, dtype, at, length in header["sections"]
    }
    segment = _segment(header, sections)
    segment_validation.check_layout(segment)
    if not verified:
        segment_validation.check_contents(segment)
    return segment


def _columns(segment: Segment) -> Iterator[tuple[str, Column]]:
    for number, group in enumerate(segment.groups):
        yield from _index_columns(group.index, "{}" + str(number))
    if segment.prefix_hosts is not None:
        yield from _index_columns(segment.prefix_hosts, "prefix_{}")
    if segment.bands is not None:
        yield from _index_columns(segment.bands.index, "band_{}")
        yield "band_places", segment.bands.places
        yield "fingerprints", segment.bands.values.reshape(-1)
    for name in ("actions", "directions", "fraud_types", "expires_s", "provenances"):
        yield name, getattr(segment, name)
    for name in ("patterns", "provenance"):
        texts: TextColumn = getattr(segment, name)
        yield f"{name}_offsets", texts.offsets
        yield f"{name}_blob", texts.blob


def _index_columns(index: SlotIndex, name: str) -> Iterator[tuple[str, Column]]:
    yield name.format("slots"), index.slots
    yield name.format("directory"), index.directory
    if index.marks is not None:
        yield name.format("marks"), index.marks


def _index(sections: dict[str, Column], name: str) -> SlotIndex:
    return SlotIndex(
        slots=_section(sections, name.format("slots")),
        directory=_section(sections, name.format("directory")),
        marks=sections.get(name.format("marks")),  # files of earlier releases lack it
    )


def _section(sections: dict[str, Column], name: str) -> Column:
    if name not in sections:
        raise BadColumns(f"has no {name}")
    return sections[name]


def _segment(header: dict[str, Any], sections: dict[str, Column]) -> Segment:
    groups = tuple(
        KeyGroup(
            kind=EntryKind(kind),
            digits=digits,
            first_row=first_row,
            index=_index(sections, "{}" + str(number)),
        )
        for number, (kind, digits, first_row) in enumerate(header["groups"])
    )
    prefix_hosts = None
    if header["has_prefix_hosts"]:
        prefix_hosts = _index(sections, "prefix_{}")

    def texts(name: str) -> TextColumn:
        return TextColumn(
            offsets=_section(sections, f"{name}_offsets"), blob=_section(sections, f"{name}_blob")
        )

    return Segment(
        groups=groups,
        actions=_section(sections, "actions"),
        directions=_section(sections, "directions"),
        fraud_types=_section(sections, "fraud_types"),
        expires_s=_section(sections, "expires_s"),
        provenances=_section(sections, "provenances"),
        patterns=texts("patterns"),
        provenance=texts("provenance"),
        prefix_hosts=prefix_hosts,
        bands=_bands(header, sections),
        mode=EntryMode(header.get("mode", EntryMode.ENFORCE)),  # files of earlier releases lack it
    )


def _bands(header: dict[str, Any], sections: dict[str, Column]) -> BandIndex | None:
    first_row = header.get("first_fingerprint")  # files of earlier releases lack it
    if first_row is None:
        return None
    values = _section(sections, "fingerprints")
    if len(values) % VALUES:
        raise BadColumns("a fingerprint is cut off")
    return BandIndex(
        first_row=first_row,
        values=values.reshape(-1, VALUES),
        places=_section(sections, "band_places"),
        index=_index(sections, "band_{}"),
    )


def _header(file: Any, path: Path) -> tuple[dict[str, Any], int, str]:
    fixed = file.read(len(MARK) + 4 + _HASH_BYTES)
    if not fixed.startswith(MARK) or len(fixed) < len(MARK) + 4 + _HASH_BYTES:
        raise DamagedFile(f"{path.name}: is no list file of this version")
    length = int.from_bytes(fixed[len(MARK) : len(MARK) + 4], "little")
    text = file.read(min(length, _LARGEST_HEADER))
    digest = sha256(text)
    if digest.digest() != fixed[-_HASH_BYTES:]:
        raise DamagedFile(f"{path.name}: its header is damaged")
    header = segment_validation.header(text)
    return header, file.tell() + -file.tell() % _ALIGNMENT, digest.hexdigest()


def _verify_size(path: Path, header: dict[str, Any], start: int) -> None:
    end = start + int(header["bytes"])
    if path.stat().st_size != end:
        raise DamagedFile(f"{path.name}: has {path.stat().st_size} bytes, not {end}")


def _verify_columns(file: Any, path: Path, header: dict[str, Any], start: int) -> None:
    if any(file.read(start - file.tell())):
        raise DamagedFile(f"{path.name}: is damaged between header and columns")
    body = sha256()
    while chunk := file.read(_READ_BYTES):
        body.update(chunk)
    if body.hexdigest() != header["sha256"]:
        raise DamagedFile(f"{path.name}: its checksum is wrong")
