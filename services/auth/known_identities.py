"""Who was here: the callers of one server since it started, with what they last showed.

In memory and bounded: a restart forgets it, and callers beyond the bound are only counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.auth.identity import Identity

MOST_SEEN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCaller:
    """A caller, as it was last."""

    identity: Identity
    last_seen_ms: int


class SeenCallers:
    """Notes each authenticated caller by name."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.since_ms = now_ms()
        self.left_out = 0
        """Calls by whoever is not noted, because too many are."""
        self._by_name: dict[str, SeenCaller] = {}

    def note(self, identity: Identity) -> None:
        """Note a call."""
        if identity.name not in self._by_name and len(self._by_name) >= MOST_SEEN:
            self.left_out += 1
            return
        self._by_name[identity.name] = SeenCaller(identity=identity, last_seen_ms=self._now_ms())

    @property
    def by_name(self) -> Mapping[str, SeenCaller]:
        """Return whoever was noted."""
        return self._by_name
