"""Normalises a text as `kernels/normalise.c` must, by patterns and in plain Python."""

import random
import re

from fanzha.character_table import (
    BREAK,
    DELETED,
    EXPANDS,
    NARROW,
    SIZE,
    SPACE,
    WIDE,
    classes,
    expansions,
    folds,
)
from fanzha.text import MAX_CHARACTERS, Token

_PLACEHOLDERS = ("DIGIT", "WECHAT", "PHONE", "URL", "PLACE", "NAME", "BANK")
_PLACEHOLDER = re.compile(
    r"[BCDNPUW](?<![A-Za-z].)(?:(IGIT|ECHAT|HONE|ELLPHONE)|(RL)|LACE|AME|ANK)(?![A-Z])"
)
_SCHEME_LINK = re.compile(r"https? ?:? ?// ?[!-~]+")
_HOST_LINK = re.compile(
    r"(?<![a-z0-9.-])[a-z0-9][a-z0-9-]*+"
    r"(?:\.[a-z0-9-]++(?=\.[a-z]))*+\.[a-z]{2,}+(?![a-z0-9-])(?:[/:?][!-~]*)?"
)
_NUMBER = re.compile(
    r"(?:[0-9][0-9x*]*+|(?<![a-z])xx++(?![a-z])[0-9]*+|\*\*++[0-9]*+)"
    r"(?:(?:[.:/-]|[ ,](?=[0-9]{3,4}(?![0-9x*])))[0-9][0-9x*]*+)*"
)
_SPECIAL = {
    Token.MOBILE: r"(?:86)?1[3-9x*][\dx*]{9}",
    Token.HOTLINE: r"[48]00\d{7}",
    Token.NATIONAL_SERVICE: r"95\d{3,6}",
    Token.CARRIER: r"100\d{2}",
    Token.PUBLIC_SERVICE: r"110|119|120|122|96110|12\d{3}",
    Token.ACCESS_CODE: r"106\d{5,}",
}
_BY_LENGTH = {
    2: Token.DIGITS_2,
    4: Token.DIGITS_4,
    6: Token.DIGITS_6,
    9: Token.DIGITS_9,
    13: Token.DIGITS_13,
}
_PIECES = (
    *("http://", "https : // ", "http//", "a.com", "www.b-c.example/x?y=1", "例.", "f r e e"),
    *("x", "xx", "xxxx", "**", "*", "13", "138", "86138", "1380000", "106", "12345", "95588"),
    *("400", "800", "1234567", "10086", "110", "96110", "0", "9" * 14, "12", "1200"),
    *(" ", "  ", ",", ".", ":", "/", "-", "--", "$", "%", "'", "\u3000", "\n", "\x1e", "\x00"),
    *("DIGIT", "URL", "NAME", "CELLPHONE", "CAME", "BANK", "WECHAT", "D", "s", "a", "z", "AB"),
    *("你好", "贷款", "，", "。", "帳", "é", "①", "⑩", "㎡", "ﷺ", "½", "Ａ", "９", "ß", "İ", "ﬁ"),
    *("\u200b", "\u0301", "\ue000", "\U00020000", "\ud800", "\U000e0041", "\U0002fffe", "❤"),
)


def normalise(text: str) -> str:
    """Return the one form of *text*."""
    text = text[:MAX_CHARACTERS].replace("\x1e", " ")
    if any(word in text for word in _PLACEHOLDERS):
        text = _PLACEHOLDER.sub(_placeholder, text)
    folded = "".join(map(_folded, text))
    for pattern in (_SCHEME_LINK, _HOST_LINK):
        folded = pattern.sub(Token.LINK, folded)
    return _collapsed(_NUMBER.sub(_token, folded))


def a_text(chance: random.Random) -> str:
    """Make a text of what is read in some way, and of any characters."""
    return "".join(
        chance.choice(_PIECES) if chance.random() < 0.9 else chr(chance.randrange(0x30000))
        for _ in range(chance.choice((0, 1, 2, 3, 5, 8, 20, 60)))
    )


def _folded(character: str) -> str:
    code = ord(character)
    if code >= SIZE:
        return "" if code >= 0xE0000 else character
    fold = folds().item(code)
    if fold == EXPANDS:
        return "".join(map(_folded, expansions()[character]))
    return "" if fold == DELETED else chr(fold)


def _placeholder(match: re.Match[str]) -> str:
    number, link = match.groups()
    return Token.NUMBER if number else Token.LINK if link else " "


def _token(match: re.Match[str]) -> str:
    digits = re.sub(r"[ .,:/-]", "", match[0])
    for token, form in _SPECIAL.items():
        if re.fullmatch(form, digits):
            return token
    return next(
        (token for most, token in _BY_LENGTH.items() if len(digits) <= most), Token.DIGITS_MORE
    )


def _collapsed(text: str) -> str:
    """Leave a space between words of narrow letters, unless they are single letters."""
    kinds = [*map(_kind, text), BREAK, BREAK]
    found, at = "", 0
    while at < len(text):
        if kinds[at] != SPACE:
            found += text[at]
            at += 1
            continue
        last = at
        while kinds[last + 1] == SPACE:
            last += 1
        if at and kinds[at - 1] == kinds[last + 1] == NARROW:
            alone = (at < 2 or kinds[at - 2] != NARROW) and kinds[last + 2] != NARROW
            masked = "x" in {text[at - 1], text[last + 1]}
            found += "" if alone and not masked else " "
        at = last + 1
    return found


def _kind(character: str) -> int:
    return WIDE if ord(character) >= SIZE else classes().item(ord(character))
