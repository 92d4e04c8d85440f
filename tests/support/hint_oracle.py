"""Finds what texts may hold as `kernels/hints.c` must, by patterns."""

import random
import re

from fanzha.link_deobfuscation import DOMAINS
from fanzha.text_hints import PlainLink

# Words without a slash, an @, or a character that is written in place of others or goes unseen.
# What is a dot, or may stand for one (点, 。, dot), must not look as if a domain followed.
_QUIET = re.compile(
    rf"""
    (?:
        [\ -,\-0-?A-CE-\[\]-ce-~\u3000\u3001\u3005-\u3017\u3400-\u70b8\u70ba-\u9fff]++
      | [\u00a5\u00b7\u2014\u2018-\u201d\u2026\uff01\uff08-\uff0c\uff1a\uff1b\uff1f\uff5e\uffe5]++
      | [dD](?![oO][tT])
      | [点。](?!\s?[A-Za-z0-9\[\](){{}}<>】）〕］])
      | \.(?:
            (?<=[0-9]\.)(?=[0-9]++(?!\.))                       # 3.5
          | (?=\ (?!(?i:{DOMAINS})(?![a-z]))[A-Za-z]{{2}}|\Z)    # ends a sentence
        )
    )*+
    """,
    re.VERBOSE,
)
_LINK = re.compile(
    r"""
    (?<![=/?&%])
    https?://
    ([a-z0-9][a-z0-9-]*+(?:\.[a-z0-9-]++(?=\.))*+\.[a-z]{2,}+)          # host
    (?:/(?:[\w%+&=?-]++|/(?!/)|\.(?=[A-Za-z0-9]{2}))*+)?                # path
    (?<!\?)
    (?![!-~])
    """,
    re.VERBOSE | re.ASCII,
)


_DIGIT = "[0-9０-９]"
_SEVEN_DIGITS = re.compile(
    rf"(?<![0-9０-９A-Za-z_./=&%#-]){_DIGIT}(?:[ ().（）-]{{0,2}}{_DIGIT}){{6}}"
)
PIECES = (
    *(
        "请点击",
        "登录",
        "点",
        "。",
        "｡",
        ".",
        ". ",
        "，",
        "：",
        "！",
        "（",
        "）",
        "】",
        "…",
        " ",
        "  ",
    ),
    *(
        "\n",
        "\u3000",
        "/",
        "//",
        "?",
        "=",
        "%",
        "&",
        "-",
        "_",
        "@",
        ",",
        "*",
        "\\",
        "d",
        "clic\u212a",
    ),
    *(
        "com",
        "Com",
        "cn",
        "to",
        "top",
        "See",
        "come",
        "dot",
        " dot ",
        "dOt",
        "info",
        "teſt",
        "SHOP",
    ),
    *("3.5", "1.2.3.4", ":80", "50元", "www.", "x.example", "http", "hxxp://", "http://", "ｃｏｍ"),
    *(
        "http://a.example/b",
        "https://evil.com",
        "http://x.evil.com/a/b.php?x=1&y=%20",
        "http://com/x",
    ),
    *(
        "é",
        "ſ",
        "\u212a",
        "中国",
        "例子.中国",
        "\u200b",
        "😀",
        "\x1e",
        "\ud800",
        "\U00020000",
        "\x00",
    ),
    *("170", "0000", "001", "+86", "(", ")", "17000000001", "1234567", "７"),
)


def a_text(chance: random.Random) -> str:
    """Make a text of what links and numbers are made of."""
    return "".join(chance.choices(PIECES, k=chance.choice((0, 1, 2, 4, 8, 15))))


def has_number(text: str) -> bool:
    """Return whether there are seven digits in a row."""
    return _SEVEN_DIGITS.search(text) is not None


def plain_link(text: str) -> PlainLink | None:
    """Return the only link of a text; None where it is not plain, or not the only one."""
    start = text.find("http")
    link = _LINK.match(text, start) if start >= 0 else None
    if not link:
        return None
    if not (_QUIET.fullmatch(text, 0, start) and _QUIET.fullmatch(text, link.end())):
        return None
    return PlainLink(start, link.end(1), link.end())
