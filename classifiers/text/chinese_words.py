"""Reads Chinese characters that were taken apart, and words spelt by sound in Latin letters.

Both are tables in `chinese_respellings.toml`, which anyone can read and correct. Sound-alikes are
not among them: most are words of their own, and only a model can tell.
"""

import re
from importlib.resources import files

from fanzha.toml_files import read_table

_RESPELLINGS = read_table(files(__package__) / "chinese_respellings.toml")
"""Read when the service starts, so that no text has to wait for it."""
HALVES: dict[str, str] = _RESPELLINGS["halves"]
SOUNDS: dict[str, str] = _RESPELLINGS["sounds"]
SHORTEST_SOUND = min(map(len, SOUNDS))
_BEGINNINGS = frozenset(sound[:SHORTEST_SOUND] for sound in SOUNDS)
_LONGEST_FIRST = "|".join(sorted(SOUNDS, key=len, reverse=True))
_SOUND = re.compile(_LONGEST_FIRST, re.IGNORECASE)
HALF_PAIR = re.compile("|".join(HALVES))
_BY_SOUND = re.compile(
    rf"(?<![A-Za-z.@/_-])(?:{_LONGEST_FIRST})+(?![A-Za-z@/_-]|\.\w)", re.IGNORECASE
)
_IS_CHINESE = re.compile("[\u4e00-\u9fff]")


def in_characters(text: str) -> tuple[str, int]:
    """Return *text* with whole characters and words for what spells them, and how many there are.

    Words by sound are read in texts that hold Chinese characters only.
    """
    text, halves = HALF_PAIR.subn(lambda match: HALVES[match[0]], text)
    if not _IS_CHINESE.search(text):
        return text, halves
    sounds = 0

    def words(match: re.Match[str]) -> str:
        nonlocal sounds
        found, count = _SOUND.subn(lambda sound: SOUNDS[sound[0].lower()], match[0])
        sounds += count
        return found

    return _BY_SOUND.sub(words, text), halves + sounds


def is_by_sound(text: str, place: int) -> bool:
    """Tell whether words by sound begin at a place."""
    if text[place : place + SHORTEST_SOUND].lower() not in _BEGINNINGS:
        return False
    return _BY_SOUND.match(text, place) is not None
