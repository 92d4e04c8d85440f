"""Decides about requests of a gateway, and keeps answers as long as they may be reused.

Only answers that let through are kept: who opens a blocked page has to be known each time, for
such people are warned. An answer by a newer list forgets those by older ones, so that a new entry
acts with the next request that is asked about, whatever it is for.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import monotonic
from types import MappingProxyType

from fanzha.client import Answer, Link
from integrations.common.decider import TrafficDecider

NO_FACTS: Mapping[str, int] = MappingProxyType({})


class LinkJudge:
    """Used inside one running event loop."""

    def __init__(
        self,
        decider: TrafficDecider,
        cache_entries: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._decider = decider
        self._most = cache_entries
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._list_version = 0

    async def decide(
        self, url: str, subscriber: str = "", facts: Mapping[str, int] = NO_FACTS
    ) -> Answer:
        """Return the answer about a URL, from memory where it may be reused.

        *facts* are what `integrations.http.web_request.WebRequest.host_facts` reads.
        """
        kept = self._kept.get(url)
        if kept is not None:
            if kept[0] > self._clock():
                self._kept.move_to_end(url)
                return kept[1]
            del self._kept[url]
        link = Link(
            url=url,
            subscriber=subscriber,
            domain_age_days=facts.get("domain_age_days"),
            first_seen_days=facts.get("first_seen_days"),
            popularity_rank=facts.get("popularity_rank"),
        )
        answer = await self._decider.link(link)
        self._keep(url, answer)
        return answer

    def refuses(self, answer: Answer) -> bool:
        """Return whether the request must be refused."""
        return self._decider.refuses(answer)

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, url: str, answer: Answer) -> None:
        if answer.list_version > self._list_version:
            self._kept.clear()
            self._list_version = answer.list_version
        if answer.blocked or answer.failed_open or not answer.cache_seconds or not self._most:
            return
        self._kept[url] = (self._clock() + answer.cache_seconds, answer)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
