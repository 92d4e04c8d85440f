"""Holds changes to the lists within the sources that whoever asks may change."""

import numpy as np

from blocklists import provenance
from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from blocklists.views import places
from fanzha.tables import Int64s
from services.auth import roles
from services.auth.identity import Identity


def check(identity: Identity, snapshot: Snapshot, table: EntryTable, removals: Identities) -> None:
    """Raise `NotAllowed` where a change touches a source that *identity* may not change.

    That is the source of what comes in, and of what is there and would be replaced or removed: an
    editor of the bureau's entries must not undo the ministry's by listing them anew.
    """
    if not identity.sources:
        return
    there = np.concatenate([places(snapshot, table), places(snapshot, removals)])
    coming = {table.provenance[place].source for place in np.unique(table.provenances).tolist()}
    roles.check_source(identity, coming | _sources_of(snapshot, there[there != NO_ENTRY]))


def _sources_of(snapshot: Snapshot, rows: Int64s) -> set[Source]:
    found: set[Source] = set()
    for layer in snapshot.layers:
        end = layer.first_row + len(layer.segment)
        mine = rows[(rows >= layer.first_row) & (rows < end)] - layer.first_row
        behind = np.unique(layer.segment.provenances[mine])
        texts = layer.segment.provenance
        found.update(provenance.read(texts.raw(place)).source for place in behind.tolist())
    return found
