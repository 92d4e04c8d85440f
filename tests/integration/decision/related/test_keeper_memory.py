"""What the keeper of the graph remembers of entries that block again and again is bounded."""

import pytest

from fanzha.decisions import Action
from services.decision.related import keeper
from tests.support.builders import an_entry
from tests.support.relation_graph import a_graph


async def test_what_entries_confirm_is_remembered_for_a_minute_within_a_bound(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MOST_REMEMBERED", 2)
    numbers = [f"+861700000010{last}" for last in range(4)]
    async with a_graph(redis_url, *(an_entry(one, Action.BLOCK) for one in numbers)) as graph:

        async def block(number: str) -> None:
            await graph.block(from_party=number, pattern=number, evidence="CALLER", entry_id="n1")

        for number in [*numbers[:3], numbers[2]]:
            await block(number)
        bounded = graph.keeper.remembered
        graph.now_ms += 60_000
        await block(numbers[3])

        assert bounded == 2
        assert graph.keeper.remembered == 1
