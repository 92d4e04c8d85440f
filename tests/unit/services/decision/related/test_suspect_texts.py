"""Near-duplicates of suspected texts are found by batch, as a comparison of all would find them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha import fingerprint
from fanzha.fingerprint import NEAR, VALUES, Sketches, Values
from services.decision.related.entities import Suspect, text_entity
from services.decision.related.suspect_texts import SuspectTexts

NOW_MS = 1_767_603_600_000
# Few different values, so that texts share many.
SKETCHES = st.lists(st.integers(0, 2), min_size=VALUES, max_size=VALUES)


def a_suspect(
    values: list[int], *, confirmed: bool = False, ends_at_ms: int = NOW_MS + 1
) -> Suspect:
    written = fingerprint.write(np.array(values, np.uint16))
    return Suspect(
        entity=text_entity(written),
        confirmed=confirmed,
        related_to="" if confirmed else "link:evil.example",
        since_ms=NOW_MS - 5,
        ends_at_ms=ends_at_ms,
    )


def found(held: SuspectTexts, *sketches: list[int]) -> dict[int, str]:
    values: Values = np.array(sketches, np.uint16).reshape(-1, VALUES)
    known = np.ones(len(values), np.bool_)
    return {row: one.entity for row, one in held.find(Sketches(values, known), NOW_MS)}


def near(one: list[int], other: list[int]) -> bool:
    pairs = [(one[at : at + 2], other[at : at + 2]) for at in range(0, VALUES, 2)]
    equal = sum(a == b for a, b in zip(one, other, strict=True))
    return equal >= NEAR and any(mine == theirs for mine, theirs in pairs)


@given(
    st.lists(SKETCHES, max_size=4, unique_by=tuple),
    st.lists(SKETCHES, max_size=4),
    st.lists(st.integers(0, 3), max_size=3),
)
@settings(max_examples=150)
def test_the_near_ones_are_found_whatever_was_put_in_and_removed(
    known: list[list[int]], asked: list[list[int]], removed: list[int]
) -> None:
    held = SuspectTexts()
    for values in known:
        held.put(a_suspect(values))
    gone = {tuple(known[at]) for at in removed if at < len(known)}
    for one in gone:
        held.remove(a_suspect(list(one)).entity)
    left = [values for values in known if tuple(values) not in gone]

    rows = found(held, *asked)

    assert len(held) == len(held.all()) == len(left)
    assert set(rows) == {at for at, one in enumerate(asked) if any(near(one, v) for v in left)}


def test_of_several_a_confirmed_one_counts_and_then_the_nearest() -> None:
    text = list(range(VALUES))
    far = [*text[:NEAR], *[99] * (VALUES - NEAR)]
    nearer = [*text[: NEAR + 2], *[98] * (VALUES - NEAR - 2)]
    held = SuspectTexts()
    held.replace([a_suspect(far), a_suspect(nearer)])
    nearest = found(held, text)

    held.put(a_suspect(far, confirmed=True))

    assert nearest == {0: a_suspect(nearer).entity}
    assert found(held, text) == {0: a_suspect(far).entity}


def test_what_has_ended_and_a_text_without_fingerprint_count_for_nothing() -> None:
    text = list(range(VALUES))
    held = SuspectTexts()
    held.put(a_suspect(text, ends_at_ms=NOW_MS))
    ended = found(held, text)
    held.put(a_suspect(text))
    values: Values = np.array([text], np.uint16)

    assert ended == {}
    assert not list(held.find(Sketches(values, np.array([False])), NOW_MS))
    assert found(held, text)


def test_texts_that_share_a_phrase_cost_few_comparisons() -> None:
    common = [1] * (VALUES - 2)
    held = SuspectTexts()
    held.replace([a_suspect([*common, 2 + at, 2 + at]) for at in range(100)])

    rows, places = held._candidates(  # noqa: SLF001 - what is compared shows in no answer
        np.array([0]), fingerprint.band_keys(np.array([[*common, 1, 1]], np.uint16))
    )

    assert len(rows) == len(places) <= 4 * fingerprint.BANDS
