"""One version of a policy, and its form in Redis and on the disks of hosts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

CARRIER_SEAL = "fanzha: a carrier policy, audited"
_TEXTS = ("document", "author", "approved_by", "reason", "seal")
_NUMBERS = ("change_id", "committed_at_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A version of the policy. Without arguments: version 0, which sets nothing."""

    version: int = 0
    document: str = ""
    """Canonical text, see `services.carrier_policy.document`."""
    author: str = ""
    approved_by: str = ""
    """The second person; empty: none."""
    reason: str = ""
    change_id: int = 0
    """The change request that made it."""
    commit: str = ""
    """Unique name of its commit."""
    committed_at_ms: int = 0
    seal: str = ""
    """Signature of list administration; see `signed_payload`."""

    def fields(self) -> dict[str, str]:
        """Return the fields of its entry, but for version and commit, which the script adds."""
        return {name: str(getattr(self, name)) for name in (*_TEXTS, *_NUMBERS)}

    def signed_payload(self, about: str = CARRIER_SEAL) -> bytes:
        """Return the bytes that a seal signs; *about* tells the carrier policy from others."""
        digest = sha256(self.document.encode()).hexdigest()
        payload = [
            *(about, self.version, self.commit, self.committed_at_ms, self.change_id),
            *(self.author, self.approved_by, self.reason, digest),
        ]
        return json.dumps(payload).encode()


def from_fields(fields: Mapping[str, str]) -> PolicyVersion:
    """Read a version from its fields; `KeyError` or `ValueError` where they are damaged."""
    texts = {name: str(fields[name]) for name in (*_TEXTS, "commit")}
    return PolicyVersion(
        version=int(fields["version"]),
        change_id=int(fields["change_id"]),
        committed_at_ms=int(fields["committed_at_ms"]),
        **texts,
    )
