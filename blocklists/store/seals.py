"""Seals of changes: the signature of list administration, which it gives after the audit log.

A change is signed when its audit record is on the disk, and the seal is committed in one step with
the change. So followers know for each version, at once and without access to the audit log,
whether it was audited. Access to the store is not enough to forge a seal, nor to reuse one: it is
valid for one version, one commit and these rows.
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from blocklists.store.changes import ListChange

SEAL = "seal"
"""The field of a record in the stream."""
_PURPOSE = "fanzha: a change of the lists, audited"

Sign: TypeAlias = Callable[[bytes], str]
"""Signs a payload."""
CheckSeal: TypeAlias = Callable[[bytes, str], bool | None]
"""Verifies the seal of a payload; None without the key."""


def signed_payload(change: ListChange, digests: Mapping[str, str]) -> bytes:
    """Return the bytes that a seal signs; *digests* are of the packed additions and removals."""
    payload = [
        *(_PURPOSE, change.version, change.commit, change.committed_at_ms),
        *(change.author, change.reason, digests["additions"], digests["removals"]),
    ]
    return json.dumps(payload).encode()
