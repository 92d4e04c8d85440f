"""What parties, links and words of a text say together: `services.decision.list_match`."""

from itertools import product

import numpy as np
import pytest

from blocklists.snapshot.layers import Matches
from fanzha import text_hints
from fanzha.decisions import Action, MatchedOn
from services.decision.list_match import ListMatch, links_in, with_links, with_words
from tests.support.builders import some_texts

NONE, ALLOW, BLOCK = 0, Action.ALLOW, Action.BLOCK


def combined(party: int, links: tuple[int, ...], words: int) -> tuple[int, int, int]:
    """Return row, action and evidence; a party's entry is row 10, links' 20 on, words' 30."""
    parties = ListMatch(
        np.array([10 if party else -1]),
        np.array([party], np.uint8),
        np.array([MatchedOn.SENDER if party else 0], np.uint8),
    )
    of_links = matches(links, first_row=20)
    owners = np.zeros(len(links), np.int64)
    listed = with_links(parties, of_links, owners)
    rows, actions, evidence = with_words(listed, matches((words,), 30), of_links, owners)
    return int(rows[0]), int(actions[0]), int(evidence[0])


def matches(actions: tuple[int, ...], first_row: int) -> Matches:
    rows = [first_row + place if action else -1 for place, action in enumerate(actions)]
    return Matches(
        np.array(rows, np.int64), np.array(actions, np.uint8), np.zeros(len(actions), np.uint8)
    )


NOTHING = (-1, NONE, MatchedOn.UNSPECIFIED)


@pytest.mark.parametrize(
    ("party", "links", "words", "expected"),
    [
        (NONE, (), NONE, NOTHING),
        (NONE, (), BLOCK, (30, BLOCK, MatchedOn.TEXT)),
        (NONE, (), ALLOW, (30, ALLOW, MatchedOn.TEXT)),
        (NONE, (ALLOW,), BLOCK, (30, BLOCK, MatchedOn.TEXT)),
        (NONE, (ALLOW, ALLOW), ALLOW, (30, ALLOW, MatchedOn.TEXT)),
        (NONE, (ALLOW, NONE), ALLOW, NOTHING),
        (NONE, (NONE,), ALLOW, NOTHING),
        (NONE, (NONE, BLOCK), ALLOW, (21, BLOCK, MatchedOn.LINK)),
        (NONE, (NONE, BLOCK), BLOCK, (21, BLOCK, MatchedOn.LINK)),
        (ALLOW, (), BLOCK, (30, BLOCK, MatchedOn.TEXT)),
        (ALLOW, (NONE,), NONE, (10, ALLOW, MatchedOn.SENDER)),
        (ALLOW, (), ALLOW, (10, ALLOW, MatchedOn.SENDER)),
        (ALLOW, (BLOCK,), ALLOW, (20, BLOCK, MatchedOn.LINK)),
    ],
)
def test_the_matches_of_a_text_combine_as_in_the_table(
    party: int, links: tuple[int, ...], words: int, expected: tuple[int, int, int]
) -> None:
    assert combined(party, links, words) == expected


@pytest.mark.parametrize(
    ("links", "words"), list(product([(), (NONE,), (ALLOW,), (BLOCK, ALLOW)], [NONE, ALLOW, BLOCK]))
)
def test_no_allow_entry_of_another_party_lifts_a_block(links: tuple[int, ...], words: int) -> None:
    assert combined(BLOCK, links, words) == (10, BLOCK, MatchedOn.SENDER)


def test_each_link_has_the_row_of_its_text() -> None:
    full = " ".join(f"http://a{number}.example/" for number in range(17))

    texts = some_texts("您好", full, "http://b.example/")

    urls, owners = links_in(texts, text_hints.of_texts(texts.bodies))

    assert len(urls) == 18
    assert owners.tolist() == [1] * 17 + [2]
