"""The graph of related entities on a real store: what is confirmed, suspected, lifted, bounded."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fanzha.decisions import Action
from services.decision.related.store import Sighting
from tests.support.builders import an_entry
from tests.support.relation_graph import POPULAR, a_graph

LINK = "link:evil.example"
CALLBACK = "+8617000000001"
SENDER = "+8617000000002"
DAY_MS = 86_400_000


async def test_entities_seen_repeatedly_with_a_confirmed_link_become_suspects(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.see(LINK, SENDER)

        await graph.confirm(channel="LINK", url="http://evil.example/pay")

        marks = await graph.marks()
        assert await graph.levels() == {LINK: "confirmed", CALLBACK: "suspected"}
        assert marks[CALLBACK].related_to == LINK
        assert marks[CALLBACK].since_ms == graph.now_ms


async def test_entities_first_seen_after_a_confirmation_become_suspects_too(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/pay")
        await graph.see(LINK, CALLBACK, times=2)
        before = await graph.levels()
        await graph.see(LINK, CALLBACK)

        assert before == {LINK: "confirmed"}
        assert await graph.levels() == {LINK: "confirmed", CALLBACK: "suspected"}


async def test_an_entity_seen_mostly_without_fraud_is_no_suspect(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/pay")
        await graph.see(LINK, CALLBACK, times=3)
        suspected = await graph.levels()

        await graph.see(CALLBACK, times=4, sampled=True)

        assert suspected[CALLBACK] == "suspected"
        assert await graph.levels() == {LINK: "confirmed"}


async def test_a_busy_caller_becomes_a_suspect_all_the_same(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.see(CALLBACK, times=50)

        await graph.confirm(channel="LINK", url="http://evil.example/")

        assert await graph.levels() == {LINK: "confirmed", CALLBACK: "suspected"}


async def test_sampled_traffic_creates_no_entities(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, sampled=True)

        assert await graph.store.show(CALLBACK) is None


async def test_a_confirmed_hub_passes_little_suspicion_to_each_neighbour(redis_url: str) -> None:
    numbers = [f"+86170000{n:05}" for n in range(40)]
    async with a_graph(redis_url) as graph:
        for number in numbers:
            await graph.see(LINK, number, times=3)

        await graph.confirm(channel="LINK", url="http://evil.example/")

        assert await graph.levels() == {LINK: "confirmed"}


async def test_suspicion_spreads_one_step_only(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.see(CALLBACK, SENDER, times=3)

        await graph.confirm(channel="LINK", url="http://evil.example/")

        assert await graph.levels() == {LINK: "confirmed", CALLBACK: "suspected"}


async def test_a_dismissed_hit_withdraws_its_confirmation_and_dependent_suspicion(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        hit = {"channel": "LINK", "url": "http://evil.example/", "decision_id": "7"}
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(**hit)
        before = await graph.levels()

        await graph.dismiss(**hit)

        assert set(before) == {LINK, CALLBACK}
        assert await graph.levels() == {}


async def test_a_withdrawn_confirmation_clears_suspects_that_are_no_longer_neighbours(
    redis_url: str,
) -> None:
    async with a_graph(redis_url, neighbours=2) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/", decision_id="7")
        await graph.see(LINK, CALLBACK, times=3)
        for other in ("+8617000000011", "+8617000000012"):
            await graph.see(LINK, other, times=4)
        suspected = await graph.levels()
        link = await graph.store.show(LINK)

        await graph.dismiss(channel="LINK", url="http://evil.example/", decision_id="7")

        assert link is not None
        assert CALLBACK not in {one.entity for one in link.neighbours}
        assert suspected[CALLBACK] == "suspected"
        assert await graph.levels() == {}


async def test_an_evicted_confirmation_clears_dependent_suspicion(
    redis_url: str,
) -> None:
    async with a_graph(redis_url, marks=2) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/")
        graph.now_ms += 29 * DAY_MS
        await graph.see(LINK, CALLBACK, times=3)

        graph.now_ms += 1
        for host in ("a", "b"):
            await graph.confirm(channel="LINK", url=f"http://{host}.example/")

        assert await graph.levels() == {
            "link:a.example": "confirmed",
            "link:b.example": "confirmed",
        }


async def test_another_confirmation_of_the_same_link_still_counts(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        for decision in ("7", "8"):
            await graph.confirm(channel="LINK", url="http://evil.example/", decision_id=decision)

        await graph.dismiss(channel="LINK", url="http://evil.example/", decision_id="7")

        assert await graph.levels() == {LINK: "confirmed"}


async def test_a_dismissed_call_clears_its_number_of_suspicion_for_good(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/", decision_id="7")

        await graph.dismiss(from_party=CALLBACK, related=CALLBACK, decision_id="9")
        await graph.see(LINK, CALLBACK, times=3)

        assert await graph.levels() == {LINK: "confirmed"}


async def test_a_list_entry_confirms_for_as_long_as_it_blocks(redis_url: str) -> None:
    entry = an_entry(CALLBACK, Action.BLOCK)
    async with a_graph(redis_url, entry) as graph:
        hit = {"from_party": CALLBACK, "pattern": CALLBACK, "evidence": "CALLER", "entry_id": "n1"}
        await graph.see(LINK, CALLBACK, times=3)
        await graph.block(**hit)
        blocked = await graph.levels()
        await graph.keeper.review()
        reviewed = await graph.levels()

        graph.list_only()
        await graph.block(**hit)
        await graph.keeper.review()

        assert blocked == reviewed == {CALLBACK: "confirmed", LINK: "suspected"}
        assert await graph.levels() == {}


@pytest.mark.parametrize(
    "hit",
    [
        {"evidence": "CALLER", "pattern": "+861700*", "from_party": CALLBACK},
        {"evidence": "LINK", "pattern": "sub.evil.example", "url": "sub.evil.example"},
        {"evidence": "LINK", "pattern": "evil.example/a/", "url": "evil.example/a/"},
        {"evidence": "SENDER", "pattern": "Bank", "from_party": "Bank"},
    ],
)
async def test_an_entry_confirms_no_more_than_it_names(redis_url: str, hit: dict[str, str]) -> None:
    entries = [an_entry(hit["pattern"], Action.BLOCK)]
    async with a_graph(redis_url, *entries) as graph:
        await graph.block(entry_id="e1", **hit)

        assert await graph.levels() == {}


async def test_a_sender_name_is_never_confirmed(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="TEXT", from_party="Bank", related="name:bank")

        assert await graph.levels() == {}


@pytest.mark.parametrize(
    "entity",
    [
        *("110", "95588", "+8696110", SENDER),
        *("link:qq.com", "link:icbc.com.cn"),
        *(f"link:{POPULAR}", "link:bureau.gov.cn", "link:good.example"),
    ],
)
async def test_protected_popular_and_allowed_entities_are_never_suspects(
    redis_url: str, entity: str
) -> None:
    allowed = [an_entry("good.example", Action.ALLOW), an_entry(SENDER, Action.ALLOW)]
    async with a_graph(redis_url, *allowed) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/")
        await graph.see(LINK, entity, times=50)
        host = entity.removeprefix("link:")
        await graph.confirm(channel="LINK", url=f"http://{host}/" if host != entity else "")
        await graph.confirm(from_party=entity)

        assert await graph.levels() == {LINK: "confirmed"}
        assert await graph.store.show(entity) is None


async def test_an_entity_allowed_later_is_forgotten_with_dependent_suspicion(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/")
        await graph.keeper.review()

        graph.list_only(an_entry("evil.example", Action.ALLOW))
        await graph.keeper.review()

        assert await graph.levels() == {}
        assert await graph.store.show(LINK) is None


async def test_a_review_is_due_after_a_change_of_the_lists_or_some_seconds(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.keeper.review_if_due()
        await graph.confirm(channel="LINK", url="http://evil.example/")
        sizes = [graph.figures.sizes]

        await graph.keeper.review_if_due()
        sizes.append(graph.figures.sizes)
        graph.now_ms += 10_000
        await graph.keeper.review_if_due()
        sizes.append(graph.figures.sizes)
        graph.list_only(an_entry("evil.example", Action.ALLOW))
        await graph.keeper.review_if_due()

        assert sizes == [(2, 0, 0), (2, 0, 0), (2, 1, 1)]
        assert await graph.levels() == {}


async def test_a_confirmation_expires(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/")

        graph.now_ms += 31 * DAY_MS
        await graph.keeper.review()

        assert await graph.levels() == {}
        assert graph.figures.sizes == (2, 0, 0)


@pytest.mark.parametrize("together", [(1, 1, 1, 1, 1, 1), (6,), (4, 2)])
async def test_a_sighting_of_several_events_counts_as_so_many_sightings(
    redis_url: str, together: tuple[int, ...]
) -> None:
    async with a_graph(redis_url) as graph:
        for events in together:
            await graph.store.observe([Sighting(events, False, [LINK, CALLBACK])])
            await graph.store.observe([Sighting(events, True, [CALLBACK])])
            # Alone: known from then on, once.
            await graph.store.observe([Sighting(events, False, [SENDER])])

        link, callback, sender = [await graph.store.show(x) for x in (LINK, CALLBACK, SENDER)]
        assert link is not None
        assert callback is not None
        assert sender is not None
        assert [one.total for one in (link, callback, sender)] == pytest.approx([6, 12, 1])
        assert [one.together for one in link.neighbours] == pytest.approx([6])


@pytest.mark.parametrize("half_lives", [1, 2, 5])
async def test_sightings_fade_by_half_in_seven_days(redis_url: str, half_lives: int) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=8)

        graph.now_ms += half_lives * 7 * DAY_MS

        found = await graph.store.show(LINK)
        assert found is not None
        assert found.total == pytest.approx(8 / 2**half_lives)
        (neighbour,) = found.neighbours
        assert neighbour.entity == CALLBACK
        assert neighbour.together == pytest.approx(8 / 2**half_lives)


async def test_workers_receive_each_change_in_order(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        one, first = graph.follower()
        other, second = graph.follower()
        await first.step()
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/", decision_id="7")
        await second.step()
        await first.step(block_ms=1000)
        held = [set(one.all()), set(other.all())]

        await graph.dismiss(channel="LINK", url="http://evil.example/", decision_id="7")
        await first.step(block_ms=1000)
        await second.step(block_ms=1000)

        assert held == [{LINK, CALLBACK}] * 2
        assert (len(one), len(other)) == (0, 0)


async def test_every_operation_works_on_a_redis_cluster(cluster_url: str) -> None:
    async with a_graph(cluster_url) as graph:
        suspects, follower = graph.follower()
        await follower.step()
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/")
        await follower.step(block_ms=1000)
        await graph.dismiss(channel="LINK", url="http://evil.example/")
        await graph.keeper.review()

        assert set(suspects.all()) == {LINK, CALLBACK}
        assert await graph.levels() == {}


NUMBERS = st.integers(0, 30).map(lambda n: f"+86170000{n:05}")
LINKS = st.integers(0, 30).map(lambda n: f"link:host{n}.example")
EVENTS = st.lists(
    st.tuples(st.lists(NUMBERS | LINKS, min_size=1, max_size=6, unique=True), st.booleans()),
    max_size=60,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS, confirmed=st.lists(LINKS, max_size=12), age_days=st.integers(0, 60))
def test_the_graph_stays_within_its_bounds_for_any_traffic(
    redis_url: str, events: list[tuple[list[str], bool]], confirmed: list[str], age_days: int
) -> None:

    async def scenario() -> None:
        async with a_graph(
            redis_url, entities=10, neighbours=4, marks=5, sightings=1.0, share=0.1
        ) as graph:
            await graph.empty()
            await graph.store.observe([Sighting(1, sampled, names) for names, sampled in events])
            await graph.store.confirm([(entity, "decision:1") for entity in confirmed])
            graph.now_ms += age_days * DAY_MS
            await graph.store.observe([Sighting(1, sampled, names) for names, sampled in events])

            entities, sure, marks = await graph.store.size()
            near = [
                len(found.neighbours)
                for names, _ in events
                for name in names
                if (found := await graph.store.show(name))
            ]
            levels = await graph.levels()
            related = {one.related_to for one in (await graph.marks()).values()} - {""}
            assert entities <= 10
            assert marks <= 5
            assert sure <= marks
            assert max(near, default=0) <= 4
            assert sure == sum(level == "confirmed" for level in levels.values())
            assert related <= {name for name, level in levels.items() if level == "confirmed"}

    asyncio.run(scenario())
