import numpy as np
import pytest

from classifiers.text.embeddings import ROW_BYTES, Embeddings


def test_rows_are_those_of_the_table() -> None:
    chance = np.random.default_rng(1)
    table = chance.integers(-127, 128, (1000, ROW_BYTES)).astype(np.int8)
    # Some rows are no numbers when eight bytes are read as one, and must survive that.
    table[5] = -1
    ids = chance.integers(0, 1000, (7, 12)).astype(np.int32)
    ids[0, 0] = 5

    assert np.array_equal(Embeddings(table).rows(ids), table[ids])


def test_no_ids_have_no_rows() -> None:
    found = Embeddings(np.zeros((3, ROW_BYTES), np.int8)).rows(np.zeros((0, 4), np.int32))

    assert found.shape == (0, 4, ROW_BYTES)


def test_a_table_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of 8 bytes"):
        Embeddings(np.zeros((3, 8), np.int8))
