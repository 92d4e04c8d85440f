"""Texts in the graph of related entities: words are confirmed, suspected and bounded."""

import pytest

from blocklists.entries import EntryKind
from fanzha.decisions import Action
from fanzha.fingerprint import NEAR, VALUES, BatchSketches, equal_values, fingerprint, read
from services.decision.related.entities import text_entity
from tests.support.builders import an_entry
from tests.support.relation_graph import a_graph

LINK = "link:evil.example"
CALLBACK = "+8617000000001"
SENDER = "+8617000000002"
DAY_MS = 86_400_000

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
