"""Encodes many texts for training: two processes, or the own one where there are two already."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process

import numpy as np

from classifiers.text import sentence_encoder
from fanzha.tables import Float32s
from fanzha.text import normalise_all

_PART = 256
_PROCESSES = 2


class EncodedOnce:
    """Embeddings of texts, each encoded once: rounds look at many of the same texts."""

    def __init__(self) -> None:
        self._known: dict[str, Float32s] = {}

    def of(self, texts: Sequence[str]) -> Float32s:
        """Return the embeddings of raw *texts*."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(new, encoded(new), strict=True))
        if not texts:
            return np.zeros((0, sentence_encoder.WIDTH), np.float32)
        return np.stack([self._known[text] for text in texts])


def encoded(texts: Sequence[str], progress: Callable[[float], None] = lambda _: None) -> Float32s:
    """Return the embeddings of raw *texts*; *progress* is called with the share done."""
    normal = normalise_all(texts)
    # Texts of about one length cost least together.
    order = np.array(sorted(range(len(normal)), key=lambda n: len(normal[n])), np.int64)
    parts = [
        [normal[n] for n in order[start : start + _PART].tolist()]
        for start in range(0, len(normal), _PART)
    ]
    whole = np.zeros((len(normal), sentence_encoder.WIDTH), np.float32)
    if not parts:
        return whole
    # The parent never loads the encoder, for a process forked later could not use it.
    if parent_process() is not None:
        whole[order] = np.concatenate([sentence_encoder.encode(part) for part in parts])
        return whole
    found = []
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("fork")) as pool:
        for embeddings in pool.map(sentence_encoder.encode, parts):
            found.append(embeddings)
            progress(len(found) / len(parts))
    whole[order] = np.concatenate(found)
    return whole
