"""Encodes many texts for training: two processes, or the own one where there are two already."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from classifiers.text import sentence_encoder
from fanzha.tables import Float32s
from fanzha.text import normalise_all
from infra import atomic_file

_PART = 256
_PROCESSES = 2
_DIGEST = 16
"""Bytes that stand for a normalised text."""

Progress = Callable[[float], None]


class EncodedOnce:
    """Embeddings of texts, each encoded once: rounds look at many of the same texts.

    They can be kept in a file, which holds digests and no texts.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Float32s] = {}

    def of(self, texts: Sequence[str], progress: Progress = lambda _: None) -> Float32s:
        """Return the embeddings of raw *texts*; *progress* is called with the share done."""
        keys = [_key(text) for text in normalise_all(texts)]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            found = encoded(list(new.values()), progress)
            self._known |= dict(zip(new, found, strict=True))
        whole = np.zeros((len(texts), sentence_encoder.WIDTH), np.float32)
        for row, key in enumerate(keys):
            whole[row] = self._known[key]
        return whole

    def read(self, file: Path) -> None:
        """Take in what was kept in *file*, if it is there and of the encoder in use."""
        if not file.exists():
            return
        with np.load(file, allow_pickle=False) as kept:
            if str(kept["encoder"]) == _encoder():
                keys = kept["keys"].tobytes()
                starts = range(0, len(keys), _DIGEST)
                pairs = zip(starts, kept["embeddings"], strict=True)
                self._known |= {keys[start : start + _DIGEST]: one for start, one in pairs}

    def keep(self, file: Path) -> None:
        """Write all embeddings to *file*."""
        keys = np.frombuffer(b"".join(self._known), np.uint8)
        arrays: Mapping[str, np.ndarray] = {  # type: ignore[type-arg]
            "keys": keys,
            "embeddings": np.array(list(self._known.values()), np.float32),
            "encoder": np.array(_encoder()),
        }
        with atomic_file.replacing(file) as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]


ENCODED = EncodedOnce()
"""What this process has encoded; a forked one goes on with it."""


def encoded(texts: Sequence[str], progress: Progress = lambda _: None) -> Float32s:
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


def _key(normal: str) -> bytes:
    return blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _encoder() -> str:
    return f"{sentence_encoder.PACKAGE} {sentence_encoder.encoder_version()}"
