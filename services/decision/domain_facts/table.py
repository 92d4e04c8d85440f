"""Facts on domains that an operator loaded (`host_facts_file`), added to what gateways send.

A fact that a gateway sends counts before that of the file. Where neither has any, links stay the
same object, so no score changes by a bit. The table has 20 bytes for each domain, in every worker.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from blocklists.entry_table import keys_of_bytes
from fanzha.hosts import registrable
from fanzha.tables import UNKNOWN_FACT, HostFacts, Int64s, Links
from fanzha.url import split

UNKNOWN_DAY = np.iinfo(np.int32).min
UNKNOWN_RANK = 0
_DAY_S = 86_400


class LinksWithFacts(NamedTuple):
    """Links with what is known of their domains."""

    links: Links
    sent: int
    """Links of which the gateway sent a fact."""
    found: int
    """Links to which the file added one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """Facts by registrable domain."""

    keys: Int64s
    """Of the domains, ascending."""
    registered_on: npt.NDArray[np.int32]
    """Days since 1970; `UNKNOWN_DAY`."""
    first_seen_on: npt.NDArray[np.int32]
    popularity_rank: npt.NDArray[np.uint32]
    """1: the most used; `UNKNOWN_RANK`."""

    def __len__(self) -> int:
        return len(self.keys)

    def add_to(self, links: Links, now_s: int) -> LinksWithFacts:
        """Add what is known on the day of *now_s* (Unix time) to *links*."""
        sent = links.facts
        told = 0 if sent is None else _known(sent)
        rows, places = self._find(links)
        if not len(rows):
            return LinksWithFacts(links, told, 0)
        facts, added = {}, np.zeros(len(rows), np.bool_)
        for name, values in self._values(places, now_s // _DAY_S).items():
            column = np.full(len(links), UNKNOWN_FACT, np.int64)
            if sent is not None:
                column[:] = getattr(sent, name)
            missing = (column[rows] == UNKNOWN_FACT) & (values != UNKNOWN_FACT)
            column[rows[missing]] = values[missing]
            facts[name] = column
            added |= missing
        found = int(np.count_nonzero(added))
        if not found:
            return LinksWithFacts(links, told, 0)
        return LinksWithFacts(replace(links, facts=HostFacts(**facts)), told, found)

    def _find(self, links: Links) -> tuple[Int64s, Int64s]:
        """Return the rows whose domains are in the table, and their places in it."""
        if not len(self.keys) or not len(links):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        wanted = keys_of_bytes([_domain(url) for url in links.urls])
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        rows = np.flatnonzero(self.keys[at] == wanted)
        return rows, at[rows]

    def _values(self, places: Int64s, today: int) -> dict[str, Int64s]:
        ranks = self.popularity_rank[places].astype(np.int64)
        return {
            "domain_age_days": _ages(self.registered_on[places], today),
            "first_seen_days": _ages(self.first_seen_on[places], today),
            "popularity_rank": np.where(ranks == UNKNOWN_RANK, UNKNOWN_FACT, ranks),
        }


NO_DOMAIN_FACTS = DomainFacts(
    keys=np.zeros(0, np.int64),
    registered_on=np.zeros(0, np.int32),
    first_seen_on=np.zeros(0, np.int32),
    popularity_rank=np.zeros(0, np.uint32),
)


def _domain(url: str) -> bytes:
    return registrable(split(url)[0]).encode() if url else b""


def _ages(days: npt.NDArray[np.int32], today: int) -> Int64s:
    # A day in the future, as of a clock ahead of ours, is today.
    ages: Int64s = np.maximum(today - days.astype(np.int64), 0)
    return np.where(days == UNKNOWN_DAY, UNKNOWN_FACT, ages)


def _known(facts: HostFacts) -> int:
    """Return of how many links a gateway sent something."""
    ages = facts.domain_age_days != UNKNOWN_FACT
    known = ages | (facts.first_seen_days != UNKNOWN_FACT) | (facts.popularity_rank > 0)
    return int(np.count_nonzero(known))
