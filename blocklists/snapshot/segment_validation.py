"""Validates a segment read from a file, so that no look-up in it can fail.

A checksum proves that a file is intact, not who wrote it. The header is checked
before anything is mapped, the layout whenever a file is mapped: both cost nothing. The contents of
the columns are checked once on a host, with the checksum (see
`blocklists.snapshot.verified_files`). Everything raises `BadColumns`, and nothing else.
"""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from blocklists import column_checks
from blocklists.column_checks import BadColumns, UnknownValue, whole_number
from blocklists.entries import KINDS_WITH_TEXT, EntryKind, EntryMode
from blocklists.entry_table import EXACT, MOST_RANGE_DIGITS
from blocklists.indexes.lsh import BandIndex
from blocklists.indexes.slot_index import SlotIndex, keys_of
from blocklists.snapshot.segment import KIND_ORDER, KeyGroup, Segment
from fanzha.fingerprint import BANDS, VALUES

Column = npt.NDArray[Any]

_ALIGNMENT = 64
_LARGEST = 2**48
_MARKS_PER_BUCKET = 2
"""Bytes of marks for one place of the directory."""
_MOST_SECTIONS = 1000
_DTYPES = {
    "slots": ("<u8",),
    "directory": ("<u4",),
    "marks": ("|u1",),
    "band_places": ("<u4",),
    "fingerprints": ("<u2",),
    "actions": ("|u1",),
    "directions": ("|u1",),
    "fraud_types": ("|u1",),
    "expires_s": ("<u4",),
    "provenances": ("|u1", "<u2", "<u4"),
    "offsets": ("<u4", "<i8"),
    "blob": ("|u1",),
}


def header(text: bytes) -> dict[str, Any]:
    """Read a header: the places of the columns."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadColumns("its header is no JSON") from error
    if not isinstance(header, dict):
        raise BadColumns("its header is no JSON object")
    size = whole_number(header.get("bytes"), "bytes", most=_LARGEST)
    if not isinstance(header.get("sha256"), str) or not isinstance(
        header.get("has_prefix_hosts"), bool
    ):
        raise BadColumns("its header lacks a checksum, or whether there are prefixes")
    if header.get("first_fingerprint") is not None:
        whole_number(header["first_fingerprint"], "first_fingerprint", most=2**32)
    if header.get("mode", EntryMode.ENFORCE) not in list(EntryMode):
        raise UnknownValue("its mode is none that this release knows")
    whole_number(header.get("mode", 1), "mode")
    _check_sections(header.get("sections"), size)
    _check_groups(header.get("groups"))
    return header


def _check_sections(sections: object, size: int) -> None:
    if not isinstance(sections, list) or len(sections) > _MOST_SECTIONS:
        raise BadColumns("its header names no columns")
    names, end = set(), 0
    for one in sections:
        if not isinstance(one, list) or len(one) != 4:  # noqa: PLR2004 - as `segment_file` writes
            raise BadColumns("its header names a column otherwise than it is done")
        name, dtype, at, length = one
        if not isinstance(name, str) or name in names:
            raise BadColumns("its header names a column twice, or by no name")
        if dtype not in _DTYPES.get(_sort_of(name), ()):
            raise BadColumns("its header names a column of another dtype, or an unknown one")
        names.add(name)
        at = whole_number(at, "place", most=_LARGEST)
        nbytes = np.dtype(dtype).itemsize * whole_number(length, "length", most=_LARGEST)
        if at % _ALIGNMENT or at < end or at + nbytes > size:
            raise BadColumns("its header names a column where none can be")
        end = at + nbytes


def _sort_of(name: str) -> str:
    """Return what a column is, without what it is of."""
    if name in _DTYPES and name not in ("offsets", "blob"):
        return name
    for prefix in ("prefix_", "band_"):
        if name.removeprefix(prefix) in ("slots", "directory", "marks"):
            return name.removeprefix(prefix)
    for prefix in ("patterns_", "provenance_"):
        if name.removeprefix(prefix) in ("offsets", "blob"):
            return name.removeprefix(prefix)
    return name.rstrip("0123456789")


def _check_groups(groups: object) -> None:
    if not isinstance(groups, list) or len(groups) > len(EntryKind) + MOST_RANGE_DIGITS:
        raise BadColumns("its header names no groups")
    for one in groups:
        if not isinstance(one, list) or len(one) != 3:  # noqa: PLR2004 - as `segment_file` writes
            raise BadColumns("its header names a group otherwise than it is done")
        kind, digits, _ = (whole_number(number, "group", most=2**32) for number in one)
        if kind not in set(EntryKind):
            raise UnknownValue("its header names a kind that this release does not know")
        is_range = kind == EntryKind.RANGE
        if not (1 <= digits <= MOST_RANGE_DIGITS if is_range else digits == EXACT):
            raise BadColumns("its header names a group of impossible digits")


def check_layout(segment: Segment) -> None:
    """Check that columns fit each other in length; reads none."""
    rows, row, last = len(segment.actions), 0, (-1, 0)
    for group in segment.groups:
        place = KIND_ORDER[group.kind], EXACT - group.digits
        if group.first_row != row or place <= last:
            raise BadColumns("its groups do not follow each other")
        row, last = row + len(group), place
        _check_index_layout(group.index)
    if row != rows:
        raise BadColumns("its groups are not its rows")
    for name in ("directions", "fraud_types", "expires_s", "provenances"):
        if len(getattr(segment, name)) != rows:
            raise BadColumns(f"its {name} are not as many as its rows")
    with_text = sum(len(g) for g in segment.groups if g.kind in KINDS_WITH_TEXT)
    if len(segment.patterns.offsets) != with_text + 1 or not len(segment.provenance.offsets):
        raise BadColumns("its texts are not as many as its rows")
    has_prefixes = any(group.kind is EntryKind.URL_PREFIX for group in segment.groups)
    if has_prefixes != (segment.prefix_hosts is not None):
        raise BadColumns("its hosts of prefixes are missing, or too many")
    if segment.prefix_hosts is not None:
        _check_index_layout(segment.prefix_hosts)
    _check_band_layout(segment)


def _check_band_layout(segment: Segment) -> None:
    prints = [group for group in segment.groups if group.kind is EntryKind.FINGERPRINT]
    bands = segment.bands
    if bool(prints) != (bands is not None):
        raise BadColumns("its fingerprints are missing, or too many")
    if bands is None:
        return
    _check_index_layout(bands.index)
    rows = len(prints[0])
    if bands.first_row != prints[0].first_row or bands.values.shape != (rows, VALUES):
        raise BadColumns("its fingerprints are not as many as its rows")
    if len(bands.places) != len(bands.index.slots) or len(bands.places) != rows * BANDS:
        raise BadColumns("its parts of fingerprints are not as many as these")


def _check_index_layout(index: SlotIndex) -> None:
    buckets = len(index.directory) - 1
    if not len(index.slots) or buckets < 2 or buckets & (buckets - 1):  # noqa: PLR2004 - one bit
        raise BadColumns("an index is empty, or its directory is of another size")
    if index.marks is not None and len(index.marks) != buckets * _MARKS_PER_BUCKET:
        raise BadColumns("the marks of an index are of another size")


def check_contents(segment: Segment) -> None:
    """Check what the columns hold; reads all of them."""
    for group in segment.groups:
        _check_index(group.index)
        _check_keys(group)
    if segment.prefix_hosts is not None:
        _check_index(segment.prefix_hosts)
    if segment.bands is not None:
        _check_bands(segment.bands)
    column_checks.actions(segment.actions)
    column_checks.contents(directions=segment.directions, fraud_types=segment.fraud_types)
    column_checks.texts(segment.patterns, len(segment.patterns), "patterns")
    column_checks.texts(segment.provenance, len(segment.provenance), "provenance")
    column_checks.places(segment.provenances, len(segment.provenance), "provenances")
    column_checks.provenance(segment.provenance)
    offsets = segment.patterns.offsets
    if (offsets[1:] == offsets[:-1]).any():
        raise BadColumns("patterns: a text is missing")


def _check_bands(bands: BandIndex) -> None:
    _check_index(bands.index)
    column_checks.places(bands.places, len(bands.values), "band_places")


def _check_index(index: SlotIndex) -> None:
    column_checks.ascending(index.slots, "slots")
    column_checks.ascending(index.directory, "directory")
    if index.directory[0] != 0 or index.directory[-1] != len(index.slots):
        raise BadColumns("the directory of an index does not end where its slots do")


def _check_keys(group: KeyGroup) -> None:
    if group.kind is EntryKind.NUMBER:
        column_checks.number_keys(keys_of(group.index.slots))
    if group.kind is EntryKind.RANGE:
        keys = keys_of(group.index.slots)
        column_checks.range_keys(keys, np.full(len(keys), group.digits, np.uint8))
