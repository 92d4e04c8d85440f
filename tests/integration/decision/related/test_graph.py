"""The graph of related entities on a real store: what is confirmed, suspected, lifted, bounded."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from fanzha.decisions import Action
from fanzha.fingerprint import NEAR, VALUES, BatchSketches, equal_values, fingerprint, read
from services.decision.related.entities import text_entity
from services.decision.related.store import Sighting
from tests.support.builders import an_entry
from tests.support.relation_graph import POPULAR, a_graph

LINK = "link:evil.example"
OTHER_LINK = "link:other.example"
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


async def test_a_confirmation_expires(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(LINK, CALLBACK, times=3)
        await graph.confirm(channel="LINK", url="http://evil.example/")

        graph.now_ms += 31 * DAY_MS
        await graph.keeper.review()

        assert await graph.levels() == {}
        assert graph.figures.sizes == (2, 0, 0)


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


TEMPLATE = "【示例快递】您的包裹因地址不详无法派送，请在二十四小时内联系工作人员更新收件信息"
VARIANT = TEMPLATE.replace("示例快递", "样品快递") + "退订回T"
OTHER = "尊敬的用户您的积分即将过期，请登录兑换商城领取精美礼品一份，过期作废不再补发敬请谅解"


def text_of(body: str) -> str:
    return text_entity(fingerprint(body))


def test_the_texts_of_these_tests_are_what_they_are_called() -> None:
    sketches = read([fingerprint(one) for one in (TEMPLATE, VARIANT, OTHER)])
    near = [int(equal_values(sketches[:1], sketches[at : at + 1])[0]) for at in (1, 2)]

    assert NEAR <= near[0] < VALUES
    assert near[1] < NEAR


async def test_a_person_confirms_the_words_of_a_text_beside_the_link_in_it(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        hit = {"channel": "TEXT", "url": "http://evil.example/", "decision_id": "7"}
        await graph.confirm(fingerprint=fingerprint(TEMPLATE), **hit)
        confirmed = await graph.levels()

        await graph.dismiss(fingerprint=fingerprint(TEMPLATE), **hit)

        assert confirmed == {LINK: "confirmed", text_of(TEMPLATE): "confirmed"}
        assert await graph.levels() == {}


@pytest.mark.parametrize("written", ["fp1:xyz", "fp2:" + "0" * 64, "x" * 5000, "fp1:" + "0" * 65])
async def test_a_forged_fingerprint_confirms_nothing(redis_url: str, written: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="TEXT", fingerprint=written)

        assert await graph.levels() == {}


async def test_one_text_with_a_confirmed_link_is_enough_to_suspect_its_words(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/")
        await graph.see(LINK, CALLBACK, text_of(TEMPLATE))
        suspected = await graph.levels()

        graph.now_ms += 8 * DAY_MS
        await graph.keeper.review()

        assert suspected == {LINK: "confirmed", text_of(TEMPLATE): "suspected"}
        assert await graph.levels() == {LINK: "confirmed"}


async def test_the_words_of_everybody_are_not_suspected_for_long(redis_url: str) -> None:
    async with a_graph(redis_url) as graph:
        await graph.confirm(channel="LINK", url="http://evil.example/")
        await graph.see(LINK, text_of(TEMPLATE))
        suspected = await graph.levels()

        # A near-duplicate in sampled traffic, which speaks for the text.
        await graph.see(text_of(VARIANT), sampled=True, times=2)

        assert suspected == {LINK: "confirmed", text_of(TEMPLATE): "suspected"}
        assert await graph.levels() == {LINK: "confirmed"}


async def test_near_duplicates_are_one_entity_and_a_confirmed_one_inherits_from_it(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        await graph.see(text_of(TEMPLATE), CALLBACK, times=2)
        await graph.see(text_of(VARIANT), CALLBACK)
        await graph.see(text_of(OTHER))
        known = await graph.store.show(text_of(VARIANT))

        await graph.confirm(channel="TEXT", fingerprint=fingerprint(VARIANT))

        assert known is not None
        assert (known.entity, round(known.total)) == (text_of(TEMPLATE), 3)
        assert await graph.levels() == {text_of(VARIANT): "confirmed", CALLBACK: "suspected"}


async def test_words_and_link_of_one_text_suspect_a_number_no_faster_than_one(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        hit = {"channel": "TEXT", "url": "http://evil.example/"}
        await graph.confirm(fingerprint=fingerprint(TEMPLATE), **hit)
        await graph.see(LINK, text_of(TEMPLATE), CALLBACK, times=2)
        twice = await graph.levels()
        await graph.see(LINK, text_of(TEMPLATE), CALLBACK)

        assert CALLBACK not in twice
        assert (await graph.levels())[CALLBACK] == "suspected"


async def test_a_template_that_is_allowed_is_no_entity(redis_url: str) -> None:
    template = an_entry(fingerprint(TEMPLATE), Action.ALLOW, kind=EntryKind.FINGERPRINT)
    async with a_graph(redis_url, template) as graph:
        await graph.confirm(channel="TEXT", fingerprint=fingerprint(VARIANT))
        await graph.see(LINK, text_of(VARIANT))

        assert await graph.levels() == {}
        assert await graph.store.show(text_of(VARIANT)) is None


async def test_texts_seen_last_stay_and_confirmed_ones_longest(redis_url: str) -> None:
    bodies = ["".join(chr(0x4E00 + 97 * n + k * k) for k in range(60)) for n in range(6)]
    async with a_graph(redis_url, texts=3) as graph:
        await graph.confirm(channel="TEXT", fingerprint=fingerprint(TEMPLATE))
        for body in bodies:
            graph.now_ms += 1
            await graph.see(text_of(body), CALLBACK)

        shown = [await graph.store.show(text_of(body)) is not None for body in bodies]
        assert shown == [False] * 4 + [True] * 2
        assert graph.figures.evicted == 4
        assert await graph.levels() == {text_of(TEMPLATE): "confirmed"}


async def test_a_worker_marks_a_near_duplicate_after_a_confirmation_elsewhere(
    redis_url: str,
) -> None:
    async with a_graph(redis_url) as graph:
        suspects, follower = graph.follower()
        await follower.step()
        sketches = BatchSketches([VARIANT, OTHER]).all()
        hit = {"channel": "TEXT", "decision_id": "7"}
        await graph.confirm(fingerprint=fingerprint(TEMPLATE), **hit)
        await follower.step(block_ms=2000)
        found = dict(suspects.texts.find(sketches, graph.now_ms))

        await graph.dismiss(fingerprint=fingerprint(TEMPLATE), **hit)
        await follower.step(block_ms=2000)

        assert {row: one.entity for row, one in found.items()} == {0: text_of(TEMPLATE)}
        assert not list(suspects.texts.find(sketches, graph.now_ms))
