"""Which entities may count against traffic: none that is protected, allowed, or everybody's.

"Everybody's" are popular hosts, and the critical names and numbers of `blocklists.critical`. What
is not eligible never enters the graph, and what ceases to be is forgotten: so a link to a popular
site, a hotline or an emergency number in fraudulent texts taints nobody.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from blocklists import protected
from blocklists.critical.critical_list import CriticalList, shipped
from blocklists.entries import Direction
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.fingerprint import BatchSketches
from fanzha.hosts import has_suffixes_below
from fanzha.tables import Bools, Int64s
from services.decision.related.entities import fingerprint_of, host_of, is_party, number_key_of

_ALLOW, _BLOCK = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK)
_ACCESS_CODES = "106"
"""First digits of the codes that businesses rent to send texts; other codes are everybody's."""


class _Kinds(NamedTuple):
    """Entities by their kind."""

    parties: list[str]
    links: list[str]
    texts: list[str]


class Eligibility:
    """Judges entities by the lists in force and the popular hosts."""

    def __init__(
        self,
        *,
        current_snapshot: Callable[[], Snapshot],
        is_popular: Callable[[str], bool] = lambda _host: False,
        current_critical: Callable[[], CriticalList] = shipped,
        now_s: Callable[[], int],
    ) -> None:
        self._current_snapshot = current_snapshot
        self._is_popular = is_popular
        self._current_critical = current_critical
        self._now_s = now_s

    def ineligible(self, entities: Sequence[str]) -> set[str]:
        """Return those of *entities* that may not count against traffic."""
        kinds = parties, links, _ = _split(entities)
        found = {one for one in parties if one.isdigit() and not one.startswith(_ACCESS_CODES)}
        critical = self._current_critical()
        found |= {one for one in parties if one in critical.items}
        keys = _keys(parties)
        found |= _chosen(parties, protected.protected_numbers(keys))
        found |= self._with_action(kinds, _ALLOW)
        hosts = {one: host_of(one) for one in links}
        found |= {one for one, host in hosts.items() if self._is_everybodys(host)}
        found |= {one for one, host in hosts.items() if critical.names_hit(host)}
        found |= _chosen(links, protected.links(_urls(links)))
        return found

    def blocked(self, entities: Sequence[str]) -> set[str]:
        """Return those of *entities* that an entry of the lists blocks."""
        return self._with_action(_split(entities), _BLOCK)

    def _with_action(self, entities: _Kinds, action: np.uint8) -> set[str]:
        parties, links, texts = entities
        snapshot, now_s = self._current_snapshot(), self._now_s()
        keys = _keys(parties)
        sending = snapshot.find_parties(keys, Direction.FROM, now_s, senders=True)
        receiving = snapshot.find_parties(keys, Direction.TO, now_s)
        reached = snapshot.find_urls(_urls(links), now_s)
        found = _chosen(parties, (sending.actions == action) | (receiving.actions == action))
        found |= _chosen(links, reached.actions == action)
        written = BatchSketches.of_written([fingerprint_of(one) for one in texts])
        return found | _chosen(texts, snapshot.find_texts(written, now_s).actions == action)

    def _is_everybodys(self, host: str) -> bool:
        return has_suffixes_below(host) or self._is_popular(host)


def _split(entities: Sequence[str]) -> _Kinds:
    return _Kinds(
        parties=[one for one in entities if is_party(one)],
        links=[one for one in entities if host_of(one)],
        texts=[one for one in entities if fingerprint_of(one)],
    )


def _keys(parties: Sequence[str]) -> Int64s:
    return np.array([number_key_of(one) for one in parties], np.int64)


def _urls(links: Sequence[str]) -> list[str]:
    return [f"http://{host_of(one)}/" for one in links]


def _chosen(entities: Sequence[str], mask: Bools) -> set[str]:
    return {entities[place] for place in mask.nonzero()[0].tolist()}
