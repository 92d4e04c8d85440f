"""The suspects in the memory of a worker, against a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fanzha.phone import sender_hash
from services.decision.related.entities import Suspect, link_entity, number_key_of, party_entity
from services.decision.related.suspect_set import SuspectSet

NOW_MS = 1_000
ENTITIES = (
    st.integers(10**9, 10**9 + 40).map(lambda n: f"+{n}")
    | st.integers(0, 20).map(lambda n: f"10690000{n:02}")
    | st.integers(0, 20).map(lambda n: f"name:bank {n}")
    | st.integers(0, 20).map(lambda n: f"link:host{n}.example")
)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), ENTITIES), max_size=60)


def a_suspect(entity: str, *, ends_at_ms: int = NOW_MS + 1, confirmed: bool = True) -> Suspect:
    return Suspect(
        entity=entity, confirmed=confirmed, related_to="", since_ms=1, ends_at_ms=ends_at_ms
    )


@given(steps=STEPS, asked=st.lists(ENTITIES, max_size=30))
def test_it_finds_exactly_the_added_and_not_removed_entities(
    steps: list[tuple[str, str]], asked: list[str]
) -> None:
    suspects, expected = SuspectSet(), set()
    for step, entity in steps:
        if step == "put":
            suspects.put(a_suspect(entity))
            expected.add(entity)
        else:
            suspects.remove(entity)
            expected.discard(entity)
    links = [one for one in asked if one.startswith("link:")]
    parties = [one for one in asked if not one.startswith("link:")]

    keys = np.array([number_key_of(one) for one in parties], np.int64)
    found = {parties[place]: one.entity for place, one in suspects.parties(keys, NOW_MS)}
    urls = [f"http://www.{one.removeprefix('link:')}/a" for one in links]
    reached = {links[place]: one.entity for place, one in suspects.links(urls, NOW_MS)}

    assert len(suspects) == len(expected)
    assert set(suspects.all()) == expected
    assert found | reached == {one: one for one in asked if one in expected}


@given(held=st.lists(ENTITIES, unique=True), later=st.lists(ENTITIES, unique=True))
def test_replacing_sets_exactly_the_new_entities(held: list[str], later: list[str]) -> None:
    suspects = SuspectSet()
    suspects.replace([a_suspect(one) for one in held])

    suspects.replace([a_suspect(one) for one in later])

    assert set(suspects.all()) == set(later)


def test_expired_entities_do_not_count() -> None:
    suspects = SuspectSet()
    suspects.replace(
        [a_suspect(one, ends_at_ms=NOW_MS) for one in ("+8617000000001", "link:evil.example")]
    )

    assert list(suspects.parties(np.array([8617000000001]), NOW_MS)) == []
    assert list(suspects.links(["http://evil.example/"], NOW_MS)) == []


def test_a_host_counts_for_its_registrable_domain_and_not_for_its_neighbours() -> None:
    assert link_entity("http://a.b.evil.example/x") == "link:evil.example"
    assert link_entity("http://fraud.github.io/") == "link:fraud.github.io"
    assert link_entity("http://github.io/") == ""
    assert link_entity("http://192.0.2.1/") == "link:192.0.2.1"
    assert link_entity("") == ""


def test_a_party_is_written_as_it_is_read() -> None:
    assert number_key_of(party_entity(8617000000001)) == 8617000000001
    assert number_key_of(party_entity(-1069012345)) == -1069012345
    assert number_key_of(party_entity(sender_hash("Bank"), "Bank")) == sender_hash("bank")
    assert party_entity(0) == ""
