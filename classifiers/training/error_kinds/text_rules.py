"""Sorts misjudged texts into kinds, for the card: by shape, then by words of `text_rules.toml`.

Texts are read as `fanzha.text` normalises them. The kinds were named after reading misses of
validation rows; no rule holds a text of the data.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from classifiers.training.error_kinds import counts
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE, Rules
from classifiers.training.text.data import LANGUAGES, LabelledText
from fanzha import toml_files
from fanzha.tables import Bools, Float32s
from fanzha.text import Token, normalise_all

FEW_CHARACTERS, MANY_CHARACTERS = 12, 250
"""Of a normalised text, tokens included."""
_TOKENS = "".join(Token)
_NUMBERS = re.compile(f"[{re.escape(_TOKENS.replace(Token.LINK, ''))}]")


def count(
    rows: Sequence[LabelledText], scores: Float32s, threshold: float, review: float | None
) -> counts.Lines:
    """Count the errors of each kind among frauds and legitimate texts; adverts are neither."""
    kept = [n for n, row in enumerate(rows) if row.label in {"fraud", "ham"}]
    frauds = np.array([rows[n].label == "fraud" for n in kept], np.bool_)
    normal = normalise_all([rows[n].text for n in kept])
    languages = [LANGUAGES[rows[n].language] for n in kept]
    return counts.count(rules(normal, languages), frauds, scores[kept], threshold, review)


def rules(normal: Sequence[str], languages: Sequence[str]) -> Mapping[str, Rules]:
    """Return the rules for normalised texts and their languages, codes of `LANGUAGES`."""
    lengths = np.array([len(text) for text in normal])
    links = _holding(normal, re.compile(Token.LINK))
    numbers = _holding(normal, _NUMBERS)
    codes = np.array(languages, np.str_)
    foreign = ~np.isin(codes, LANGUAGES[:-1])
    shape = {
        f"fewer than {FEW_CHARACTERS} characters, links and numbers as one each": (
            lengths < FEW_CHARACTERS
        ),
        "in a language that has no words in the rules": foreign,
    }
    contact = {
        "Chinese, without these words, with a link": (codes == "zh") & links,
        "Chinese, without these words, with a number and no link": (codes == "zh") & numbers,
        "Chinese, without these words, a link or a number": codes == "zh",
        "English, without these words, with a link": (codes == "en") & links,
        "English, without these words, with a number and no link": (codes == "en") & numbers,
        "English, without these words, a link or a number": codes == "en",
        "Indonesian, without these words": codes == "id",
        "Thai, without these words": codes == "th",
    }
    long = {
        f"{MANY_CHARACTERS} characters or more, as talks and reports": lengths >= MANY_CHARACTERS
    }
    return {
        label: {
            **shape,
            **long,
            **{kind: _holding(normal, words) for kind, words in _words()[label].items()},
            **contact,
        }
        for label in (FRAUD, LEGITIMATE)
    }  # fmt: skip


@cache
def _words() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    """Read the lexicon; `ValueError` where it is malformed."""
    file = files(__package__) / "text_rules.toml"
    return {
        label: {
            kind: _any_of(toml_files.read_words(words, f"{file.name}: {kind}"))
            for kind, words in kinds.items()
        }
        for label, kinds in toml_files.read_table(file).items()
    }


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    alone = "|".join(re.escape(word) for word in words if word.isascii())
    within = [re.escape(word) for word in words if not word.isascii()]
    return re.compile("|".join([*within, rf"(?<![a-z])(?:{alone})(?![a-z])"] if alone else within))


def _holding(normal: Sequence[str], pattern: re.Pattern[str]) -> Bools:
    found = (pattern.search(text) is not None for text in normal)
    return np.fromiter(found, np.bool_, len(normal))
