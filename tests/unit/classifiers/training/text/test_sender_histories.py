"""Senders that are made up, and how likely legitimate ones are in question."""

import numpy as np
import pytest

from classifiers.training.text import data, sender_histories
from tests.unit.classifiers.training.text.test_links_in_texts import ByHost, ByWord


def test_a_text_is_blocked_besides_once_three_of_its_sender_were() -> None:
    blocked = np.array([True, True, True, False, False, False])
    lowered = np.array([False, False, False, True, False, True])

    found = sender_histories.besides([1, 1, 1, 1, 1, 2], blocked, lowered)

    assert found.tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize(("texts", "blocked", "most"), [(3, 0, 1.0), (10**6, 0, 1e-12)])
def test_the_bound_grows_with_the_share_that_is_blocked(
    texts: int, blocked: int, most: float
) -> None:
    assert 0 < sender_histories.bound(texts, blocked) <= most
    assert sender_histories.bound(texts, blocked) <= sender_histories.bound(texts, blocked + 3)


def test_the_table_tells_what_passes_and_what_a_history_adds() -> None:
    texts = ["0.95 a", "0.95 b", "0.95 c", "0.5 d", "0.2 e", "0.05 evil.example/f", "0.01 g"]
    rows = [
        data.labelled(source="s", label=label, category="", group="one", text=text, language="en")
        for label in ("ham", "fraud")
        for text in texts
    ]
    found = list(sender_histories.scored([row.text for row in rows], ByWord(), ByHost()))

    ham, fraud = sender_histories.report(rows, found).splitlines()[2:]

    # The link of the sixth scores 1 and blocks it; of the others only the fourth passes.
    assert [blocked for blocked, _ in found[:7]] == [True] * 3 + [False, False, True, False]
    assert [lowered for blocked, lowered in found[:7] if not blocked] == [True, False, False]
    assert ham.startswith("| s | ham | 7 | 4 | 1 | 1 | ")
    assert fraud.startswith("| s | fraud | 7 | 4 | 1 | 1 | ")
    assert fraud.endswith(" |")
