"""Seals of changes: the signature of list administration, which it gives after the audit log.

A change is signed when its audit record is on the disk, and the seal is committed in one step with
the change. So whoever follows the lists knows of each version whether the audit log knows it,
without a moment in which it does not know yet, and without asking the audit log, which another
host may keep. Who can only write to the store cannot make a seal, nor use that of another change:
it holds for one version, one commit and these rows.
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from blocklists.store.changes import ListChange

SEAL = "seal"
"""The field of a record in the stream."""
_PURPOSE = "fanzha: a change of the lists, audited"

Sign: TypeAlias = Callable[[bytes], str]
"""Signs what `signed_payload` returns."""
CheckSeal: TypeAlias = Callable[[bytes, str], bool | None]
"""Tells whether a seal is of what `signed_payload` returns; None when that cannot be known."""


def signed_payload(change: ListChange, digests: Mapping[str, str]) -> bytes:
    """Return what a seal vouches for; *digests* are of the packed additions and removals."""
    said = [
        *(_PURPOSE, change.version, change.commit, change.committed_at_ms),
        *(change.author, change.reason, digests["additions"], digests["removals"]),
    ]
    return json.dumps(said).encode()
