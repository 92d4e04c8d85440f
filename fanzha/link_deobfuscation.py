"""Deobfuscates links, so that one plain pattern finds them.

``ｅｖｉｌ．ｃｏｍ``, ``evil点com``, ``evil[.]com``, ``evil dot com``, ``www . evil . com`` and
zero-width characters are written plainly, ``hxxp`` becomes ``http``, escapes of a link whose scheme
is escaped (``http%3A%2F%2F``) are undone; the rest of the text stays.
Ordinary prose must stay too: "See you. Come early" has no link in it, so after spaces or words for
the dot only some top-level domains count.

Most texts hold no link: `fanzha.text_hints` rules them out. `may_contain_link` looks closer at the
others, in 1 to 3 µs; deobfuscation takes about 6 µs. Every pattern is bounded, so time is linear in
the length.
"""

import re
import unicodedata
from functools import cache

import numpy as np

from fanzha.percent_encoding import unescape_text
from fanzha.tables import Uint8s

LETTERS = "A-Za-z0-9_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f\u1e00-\u1fff"
"""Inside of a character class: what a label may hold besides hyphens. Chinese is not among it,
because it is written without spaces, so a link may follow or end anywhere."""
LABEL = rf"[{LETTERS}-]{{1,63}}"

_ZERO_WIDTH = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff"
_FANCY = "\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f130-\U0001f149\U0001f170-\U0001f189"
_FULL_WIDTH = "０-９Ａ-Ｚａ-ｚ．／＿－＝＆％＠＃"
_DOTS = "․﹒｡"
_DISGUISED = re.compile(f"[{_ZERO_WIDTH}{_FANCY}{_FULL_WIDTH}{_DOTS}]+")
_OTHER_DOTS = str.maketrans("․﹒", "..")
_SQUARED = {
    **{code: chr(code - 0x1F130 + ord("a")) for code in range(0x1F130, 0x1F14A)},
    **{code: chr(code - 0x1F170 + ord("a")) for code in range(0x1F170, 0x1F18A)},
}
_INVISIBLE = re.compile(f"[{_ZERO_WIDTH}]+")

# Top-level domains that are no words: they mark a link where the dot is obfuscated.
_PLAIN = "com|net|org|cn|cc|xyz|vip|icu|biz|hk|tw|ru|io|pw|cyou|sbs|example|test"
_WORDS = "info|top|shop|club|site|online|app|link|win|fun|store|click"
DOMAINS = f"{_PLAIN}|{_WORDS}"
"""Inside of a pattern: last labels that count where a dot is only hinted at."""
_IS_PLAIN = re.compile(_PLAIN)
_NO_WORDS_AT_ALL = frozenset({"com", "cn", "xyz", "icu", "vip", "example", "test"})
_OF_NUMBERS = frozenset({"com", "cn", "net", "cc", "org", "example", "test"})
"""Where a host of digits is usual; 5000点vip are points."""

_OPEN, _CLOSE = r"[\[({<【（〔［]", r"[\])}>】）〕］]"
_SEPARATOR = rf"""
    \s{{0,2}}\.\s{{0,2}}
  | \s?{_OPEN}\s?(?:\.|点|。|｡|dot)\s?{_CLOSE}\s?
  | \s?[点。｡]\s?
  | \s{{1,2}}dot\s{{1,2}}
"""
_CHAIN = re.compile(
    rf"(?<![{LETTERS}@.-])(?:{LABEL}(?:{_SEPARATOR})){{1,7}}(?:{DOMAINS})(?![{LETTERS}-])",
    re.VERBOSE | re.IGNORECASE,
)
_CHAIN_PART = re.compile(rf"({LABEL})({_SEPARATOR})?", re.VERBOSE | re.IGNORECASE)
_SCHEME = re.compile(
    r"(?<![=/?&%])h(?:tt|xx|\*\*)p(s?)\s?[:：]{0,2}\s?[/／\\]\s?[/／\\]\s?", re.IGNORECASE
)
_ESCAPED_LINK = re.compile(r"(?<![=/?&%])https?%(?:25){0,8}3a[!-~]{1,2048}", re.IGNORECASE)
_SLASH = re.compile(r"[/／\\]")
_SPELLED_DOMAIN = r"\. ?(?:c o m|c n|n e t|x y z|v i p|t o p)(?![a-z0-9])"
_SPELLED_END = re.compile(_SPELLED_DOMAIN, re.IGNORECASE)
_SPELLED_OUT = re.compile(rf"(?<![\w.])(?:[a-z0-9.-] ){{4,40}}?{_SPELLED_DOMAIN}", re.IGNORECASE)
_FOLDER_FOLLOWS = re.compile(r"/[A-Za-z0-9]")
_SHORTEST_NUMBER = 3
"""Digits that are a name; fewer are a time: 3点."""

_DOT_WORD = re.compile(r"(?<=[\s\[({])(?:dot|Dot|DOT)(?=[\s\])}])")
_SEPARATED = rf"""
    (?<=[.．․﹒]) (?=\s{{1,2}}(?:{DOMAINS})(?![A-Za-z])|\s?{_CLOSE})
  | (?<=[。｡点]) (?=\s?(?:[a-zA-ZＡ-Ｚａ-ｚ]|[0-9０-９]+[a-zA-Z.．。｡点])|\s?{_CLOSE})
"""
_SEPARATED_HINT = re.compile(
    rf"[.。｡点](?:{_SEPARATED}|(?<=\s\.)(?=\s?[A-Za-z]))", re.VERBOSE | re.IGNORECASE
)
_HINT = re.compile(
    rf"""
    [.．。｡․﹒点/／\\{_ZERO_WIDTH}]
    (?:
        {_SEPARATED}
      | (?<=[.．․﹒]) (?=[^\W\d_]|[{_FANCY}]|[0-9]{{1,3}}\.[0-9]|\s?\w\ )
      | (?<=[/／\\]) (?=\s?[/／\\])
      | (?<=[{_ZERO_WIDTH}])
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)

# By character: where `_HINT` and `_DOT_WORD` may match. What only some characters may follow is in
# the second, third and fourth bit, and these characters are three bits further on.
_SHIFT = 3
_KINDS = {
    1: rf"[.．․﹒{_ZERO_WIDTH}]",
    2: r"[。｡点]",
    4: r"[/／\\]",
    8: r"[dD]",
    2 << _SHIFT: rf"[a-zＡ-Ｚａ-ｚ0-9０-９\s]|{_CLOSE}",
    4 << _SHIFT: r"[/／\\\s]",
    8 << _SHIFT: r"[oO]",
}


@cache
def hint_kinds() -> Uint8s:
    """Return the bits of each character, uint8 by code point; none for what lies beyond."""
    table = np.zeros(0x10000, np.uint8)
    everything = "".join(map(chr, range(len(table))))
    for bit, characters in _KINDS.items():
        for match in re.finditer(characters, everything, re.IGNORECASE):
            table[match.start()] |= bit
    table.setflags(write=False)
    return table


def may_contain_link(text: str) -> bool:
    """Return whether *text* may hold a link; false for most texts without one."""
    return _HINT.search(text) is not None or _has_dot_word(text)


def deobfuscate(text: str) -> str:
    """Return *text* with the links in it written plainly."""
    text = _DISGUISED.sub(_undone, text)
    if "%" in text:
        text = _ESCAPED_LINK.sub(lambda match: unescape_text(match[0]), text)
    if _SLASH.search(text):
        text = _SCHEME.sub(r" http\1://", text)
    if _SPELLED_END.search(text):
        text = _SPELLED_OUT.sub(lambda match: match[0].replace(" ", ""), text)
    if _SEPARATED_HINT.search(text) or _has_dot_word(text):
        text = _CHAIN.sub(_joined, text)
    return text


def _has_dot_word(text: str) -> bool:
    # Looking for three plain words takes a tenth of the time the pattern takes.
    if "dot" in text or "Dot" in text or "DOT" in text:
        return _DOT_WORD.search(text) is not None
    return False


def _undone(match: re.Match[str]) -> str:
    visible = _INVISIBLE.sub("", match[0])
    # The half-width ideographic stop stays: it is a dot only where a domain follows.
    parts = visible.translate(_SQUARED).translate(_OTHER_DOTS).split("｡")
    return "｡".join(unicodedata.normalize("NFKC", part) for part in parts)


def _joined(match: re.Match[str]) -> str:
    whole = match[0]
    parts: list[tuple[str, str]] = _CHAIN_PART.findall(whole)
    labels = [label for label, _ in parts]
    separators = [separator for _, separator in parts[:-1]]
    if all(separator == "." for separator in separators):
        return whole
    text, start, end = match.string, match.start(), match.end()
    if text[max(0, start - 2) : start].rstrip(" ").endswith("@"):
        return whole
    after_scheme = text.endswith("://", 0, start)
    first = 0 if after_scheme else _first_of_host(labels, separators)
    certain = after_scheme or labels[first].lower() == "www" or _FOLDER_FOLLOWS.match(text, end)
    if not certain and not _is_separator(labels, separators[-1]):
        return whole
    before = "".join(label + separator for label, separator in parts[:first])
    return before + ".".join(labels[first:])


def _first_of_host(labels: list[str], separators: list[str]) -> int:
    """Return the first label that does not stand before what may as well end a sentence."""
    lowered = [label.lower() for label in labels]
    if "www" in lowered:
        return lowered.index("www")
    first = len(labels) - 2
    while first and not _may_end_sentence(separators[first - 1]):
        first -= 1
    return first


def _is_separator(labels: list[str], separator: str) -> bool:
    """Return whether what stands before the last label is a dot, and not the end of a sentence."""
    name, domain = labels[-2], labels[-1].lower()
    if labels[-1].istitle() and not name.istitle():
        return False
    if name.isdigit() and (len(name) < _SHORTEST_NUMBER or domain not in _OF_NUMBERS):
        return False
    plain = _IS_PLAIN.fullmatch(domain) is not None
    if separator.strip() == "." != separator:
        both_sides = separator[0] == " "
        return separator[-1] == " " and (domain in _NO_WORDS_AT_ALL or (plain and both_sides))
    return plain or not (_may_end_sentence(separator) or "dot" in separator.lower())


def _may_end_sentence(separator: str) -> bool:
    return separator.strip() in {"。", "｡"} or separator.strip() == "." != separator
