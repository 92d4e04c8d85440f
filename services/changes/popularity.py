"""Popular hosts, whose blocking always needs a second person.

The file has one host per line, the most visited first, as published top-site lists do. A host
has the best rank of itself and its subdomains.
"""

from pathlib import Path
from typing import Self

from blocklists.patterns import canonical_name
from fanzha.errors import InvalidConfiguration
from fanzha.hosts import host_suffixes


class PopularHosts:
    """Popularity ranks of hosts, from 1."""

    def __init__(self, ranks: dict[str, int] | None) -> None:
        """Take ranks by host; None where no list is configured."""
        self._ranks = ranks

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read a file; `ValueError` when a line is no host."""
        if path is None:
            return cls(None)
        ranks: dict[str, int] = {}
        with path.open(encoding="utf-8") as lines:
            for rank, line in enumerate(lines, 1):
                text = line.strip()
                host = canonical_name(text)
                if not host:
                    raise InvalidConfiguration(
                        "popular_hosts_file: line {rank} is no host: {text!r}",
                        rank=rank,
                        text=text[:100],
                    )
                for name in host_suffixes(host):
                    ranks.setdefault(name, rank)
        return cls(ranks)

    @property
    def known(self) -> bool:
        """Whether a list is configured."""
        return self._ranks is not None

    def rank(self, host: str) -> int | None:
        """Return the best rank of a host and its subdomains; None when unlisted."""
        return self._ranks.get(host) if self._ranks else None
