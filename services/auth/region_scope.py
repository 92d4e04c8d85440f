"""Regional scope of list entries, and of what is about them.

An entry belongs to the region whose code it carries, or to the whole province. People with regions
read the entries of their regions, of the regions in these, and of the whole province; they change
those of their regions and of the regions in these. To them, all others are not there.

What reads the lists for somebody reads them narrowed: a snapshot whose other entries count as
removed, so that searches, counts, pages and exports need no rule of their own. Decisions are made
by the whole lists and never come here.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from blocklists.entry_table import EntryTable
from blocklists.provenance import encode
from blocklists.region_codes import is_code, is_province, region_key
from blocklists.snapshot.layers import Layer
from blocklists.snapshot.segment import Segment
from blocklists.snapshot.snapshot import Snapshot
from blocklists.text_column import TextColumn
from fanzha.tables import Bools, Int64s
from fanzha.translation.message import Message
from services.auth import identity, roles, whole_province
from services.auth.identity import Identity

Regions = frozenset[str]
WHOLE_PROVINCE = ""
_MOST_SCOPES = 16
"""Narrowed copies kept of one snapshot; each has 8 bytes for each entry that it leaves out."""
_MARK = b'"region"'


def own_region() -> str:
    """Return the region of what the caller writes without naming one; empty: they must name it.

    For callers without regions that is the whole province.
    """
    who = identity.current()
    codes = [region_key(one) for one in who.regions]
    return codes[0] if len(codes) == 1 and is_code(codes[0]) else WHOLE_PROVINCE


def may_read(who: Identity, region: str) -> bool:
    """Return whether what is of *region* is there for *who*; the whole province always is."""
    if region == WHOLE_PROVINCE or roles.may_access_region(who, region):
        return True
    return is_province(region) and any(one.startswith(region) for one in who.regions)


def may_read_all(who: Identity, regions: Iterable[str]) -> bool:
    """Return whether all of what is of *regions* is there for *who*; none: the whole province."""
    return all(may_read(who, one) for one in regions)


def may_change_all(who: Identity, regions: Iterable[str]) -> bool:
    """Return whether *who* may change what is of *regions*; none: the whole province."""
    if not who.regions:
        return True
    return all(roles.may_access_region(who, one) for one in list(regions) or [WHOLE_PROVINCE])


def check_all_regions(what: Message) -> None:
    """Raise `NotAllowed` for callers with regions: *what* is of all regions."""
    who = identity.current()
    if who.regions:
        raise whole_province.refusal(who, what)


def regions_of(table: EntryTable) -> set[str]:
    """Return the regions of a table's entries."""
    found = _regions_of(encode(table.provenance))
    return {found[place] for place in np.unique(table.provenances).tolist()}


def readable_rows(who: Identity, table: EntryTable) -> Bools:
    """Return which entries of a table are there for *who*."""
    if not who.regions:
        return np.ones(len(table), np.bool_)
    found = _regions_of(encode(table.provenance))
    seen = np.array([*(may_read(who, one) for one in found), False], np.bool_)
    rows: Bools = seen[table.provenances]
    return rows


def changeable_entries(who: Identity, table: EntryTable) -> Bools:
    """Return which rows of a table *who* may write, by the regions that they name."""
    may = [may_change_all(who, [one]) for one in _regions_of(encode(table.provenance))]
    rows: Bools = np.array([*may, False], np.bool_)[table.provenances]
    return rows


def changeable_rows(who: Identity, snapshot: Snapshot, rows: Int64s) -> Bools:
    """Return which *rows* of a snapshot hold entries that *who* may change."""
    found = np.zeros(len(rows), np.bool_)
    for layer in snapshot.layers:
        mine = (rows >= layer.first_row) & (rows < layer.first_row + len(layer.segment))
        if not mine.any():
            continue
        may = [may_change_all(who, [one]) for one in _regions_of(layer.segment.provenance)]
        places = layer.segment.provenances[rows[mine] - layer.first_row]
        found[mine] = np.array(may, np.bool_)[places]
    return found


class NarrowedSnapshot(Snapshot):
    """The lists as they are for people with some regions."""

    regions: Regions = frozenset()
    """Of these people."""


def lists_key(snapshot: Snapshot) -> tuple[int, Regions]:
    """Return what tells narrowed lists of one version apart, for caches."""
    regions = snapshot.regions if isinstance(snapshot, NarrowedSnapshot) else frozenset()
    return snapshot.version, regions


async def readable(snapshot: Snapshot) -> Snapshot:
    """Return the lists as they are for the caller."""
    who = identity.current()
    if not who.regions or isinstance(snapshot, NarrowedSnapshot):
        return snapshot
    # Lists of which nothing is left are false, so `or` would not do.
    known = _known(snapshot, who)
    return await asyncio.to_thread(narrowed, snapshot, who) if known is None else known


def narrowed(snapshot: Snapshot, who: Identity) -> Snapshot:
    """Return the lists as they are for *who*; rows keep their numbers."""
    if not who.regions:
        return snapshot
    if (known := _known(snapshot, who)) is not None:
        return known
    layers = [_narrowed(layer, who) for layer in snapshot.layers]
    if all(new is old for new, old in zip(layers, snapshot.layers, strict=True)):
        made = snapshot
    else:
        made = NarrowedSnapshot(
            version=snapshot.version, committed_at_ms=snapshot.committed_at_ms, layers=layers
        )
        made.regions = who.regions
    kept = list(_narrowings.get(snapshot, {}).items())[1 - _MOST_SCOPES :]
    # What equals the snapshot is not kept as a reference to it, which would keep it alive.
    _narrowings[snapshot] = {**dict(kept), who.regions: None if made is snapshot else made}
    return made


_narrowings: WeakKeyDictionary[Snapshot, dict[Regions, Snapshot | None]] = WeakKeyDictionary()


def _known(snapshot: Snapshot, who: Identity) -> Snapshot | None:
    known = _narrowings.get(snapshot, {})
    if who.regions not in known:
        return None
    made = known[who.regions]
    return snapshot if made is None else made


def _narrowed(layer: Layer, who: Identity) -> Layer:
    hidden = _hidden(layer.segment, who)
    return replace(layer, dead=np.union1d(layer.dead, hidden)) if len(hidden) else layer


def _hidden(segment: Segment, who: Identity) -> Int64s:
    """Return the rows of a segment that are not there for *who*, ascending."""
    found = _regions_of(segment.provenance)
    hidden = np.array([not may_read(who, one) for one in found], np.bool_)
    if not hidden.any():
        return np.zeros(0, np.int64)
    return np.flatnonzero(hidden[segment.provenances])


def _regions_of(texts: TextColumn) -> list[str]:
    """Return the region of each provenance; some 3 µs each where any has one."""
    if _MARK not in texts.blob.tobytes():
        return [WHOLE_PROVINCE] * len(texts)
    return [_region_of(text) for text in texts.all_raw()]


@lru_cache(maxsize=65_536)
def _region_of(text: bytes) -> str:
    return str(json.loads(text).get("region", WHOLE_PROVINCE))
