"""Columns of texts."""

import numpy as np
import pytest

from fanzha.tables import LazyStrings, picked


@pytest.mark.parametrize("rows", [[], [0], [3, 1, 2], [1, 1]])
def test_several_texts_are_picked_as_one_by_one(rows: list[int]) -> None:
    texts = ["a", "", "é中", "ab"]
    data = "".join(texts).encode()
    ends = np.cumsum([len(text.encode()) for text in texts])
    lazy = LazyStrings(data, np.concatenate(([0], ends[:-1])), ends)
    wanted = np.array(rows, np.int64)

    assert picked(lazy, wanted) == [lazy[row] for row in rows] == picked(texts, wanted)
