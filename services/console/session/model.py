"""A session: who is signed in at one browser, and what they see and may do."""

from dataclasses import dataclass, field
from typing import Any

DATA_BYTES = 64 * 1024
"""Most bytes of what pages keep in a session."""


@dataclass(slots=True, kw_only=True)
class ConsoleSession:
    """One browser of one person."""

    name: str
    """Who it is; where authentication is off, what they called themselves."""
    token: str
    """What servers are shown; empty where authentication is off."""
    roles: tuple[str, ...]
    regions: tuple[str, ...]
    methods: frozenset[str]
    """Paths of the methods that they may call."""
    development: bool
    created_at_s: float
    ends_at_s: float
    """The session ends then, however busy it is."""
    csrf: str
    """What every form repeats."""
    id_token: str = ""
    """Of OpenID Connect, to sign out at the provider, too."""
    data: dict[str, Any] = field(default_factory=dict)
    """What pages keep: messages to show once, searches whose words must not be in URLs."""

    @property
    def by(self) -> str:
        """What requests name as their author: only unauthenticated servers need it."""
        return self.name if self.development else ""

    def may(self, *methods: str) -> bool:
        """Return whether they may call all of these, named as ``CaseService/GetCase``."""
        return all(f"/fanzha.v1.{method}" in self.methods for method in methods)
