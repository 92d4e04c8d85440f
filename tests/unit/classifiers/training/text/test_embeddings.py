"""Texts are encoded once, in one run and from one run to the next."""

from pathlib import Path

import numpy as np

from classifiers.training.text import embeddings
from classifiers.training.text.embeddings import EncodedOnce

TEXTS = ["see you at seven", "积分兑换现金", "see you at seven"]


def test_equal_texts_have_equal_embeddings_of_the_encoder() -> None:
    found = EncodedOnce().of(TEXTS)

    assert np.array_equal(found[0], found[2])
    assert np.allclose(found, embeddings.encoded(TEXTS), atol=1e-5)


def test_kept_embeddings_are_read_again_to_the_bit(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.npz"
    first, second = EncodedOnce(), EncodedOnce()
    before = first.of(TEXTS)
    first.keep(file)

    second.read(file)
    progress: list[float] = []
    after = second.of(TEXTS, progress.append)

    assert np.array_equal(before, after)
    assert not progress


def test_a_file_that_is_not_there_or_of_another_encoder_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.npz"
    np.savez(file, encoder=np.array("another 1"), keys=np.zeros(16, np.uint8),
             embeddings=np.zeros((1, 512), np.float32))  # fmt: skip
    progress: list[float] = []

    known = EncodedOnce()
    known.read(tmp_path / "none.npz")
    known.read(file)
    known.of(TEXTS[:1], progress.append)

    assert progress == [1.0]


def test_a_kept_file_holds_no_text(tmp_path: Path) -> None:
    file = tmp_path / "embeddings.npz"
    known = EncodedOnce()
    known.of(TEXTS)
    known.keep(file)

    content = file.read_bytes()

    assert not any(text.encode() in content for text in TEXTS)
