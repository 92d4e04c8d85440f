"""Which hosts so many people visit that nobody blocks one alone.

The file is plain text, one host a line, the most visited first: the form in which such lists
are published. A host counts with all names below it, so it is as popular as the most popular
of these.
"""

from pathlib import Path
from typing import Self

from blocklists.patterns import canonical_name
from fanzha.hosts import host_suffixes


class PopularHosts:
    """Ranks by host, from 1."""

    def __init__(self, ranks: dict[str, int] | None) -> None:
        """Take ranks; None where no list is set, so that nothing is known."""
        self._ranks = ranks

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read a file; ValueError when a line is no host."""
        if path is None:
            return cls(None)
        ranks: dict[str, int] = {}
        with path.open(encoding="utf-8") as lines:
            for rank, line in enumerate(lines, 1):
                text = line.strip()
                host = canonical_name(text)
                if not host:
                    raise ValueError(f"popular_hosts_file: line {rank} is no host: {text[:100]!r}")
                for name in host_suffixes(host):
                    ranks.setdefault(name, rank)
        return cls(ranks)

    @property
    def known(self) -> bool:
        """Whether there is a list at all."""
        return self._ranks is not None

    def rank(self, host: str) -> int | None:
        """Return the best rank of a host and what is below it; None for one that is not listed."""
        return self._ranks.get(host) if self._ranks else None
