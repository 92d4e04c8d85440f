"""Finds the amounts of money that somebody speaks of, in Chinese and English.

What counts: a number with a unit (``5000元``, ``3万``, ``2,000 yuan``) or behind a word of paying
(``转了5000``, ``转了两千``, ``I sent 3000``). What does not: codes, phone and account numbers, and
other currencies. It is what the person *says*; the desk asks again.
"""

import re
import unicodedata

MOST_AMOUNTS = 10
_DIGITS = {one: value for value, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_TIMES = {
    "": 1, "百": 100, "千": 1000, "万": 10_000, "w": 10_000, "亿": 100_000_000, "k": 1000,
    "hundred": 100, "thousand": 1000, "million": 1_000_000,
}  # fmt: skip
_MOST_FEN = 10**13
_ARABIC = re.compile(
    r"(?P<sign>[¥￥]\s?)?(?<![\d.,])(?P<number>\d{1,3}(?:,\d{3})+|\d{1,9})(?P<cents>\.\d{1,2})?(?![\d.,]?\d)"
    r"\s?(?P<times>百|千|万|亿|[kw](?![a-z])|hundred|thousand|million)?"
    r"(?P<rest>\d百|\d千|(?<=[万千百])\d(?![\d万千百年月日点号次个]))?\s?(?P<unit>元|块|圆|人民币|rmb|yuan|cny)?"
)
"""``rest``: 2万3千, and 3万5, whose last digit counts in tenths of the unit before it."""
_COUNTED = re.compile(r"\s?(?:次|个|笔|回|遍|张|天|点|号|分钟|小时|code|times|days|hours|min)")
"""What stands behind a number that is no money."""
_CHINESE = re.compile(r"[零〇一二两三四五六七八九十百千万亿]{1,12}(?=(?P<unit>多?(?:元|块|圆))?)")
_PAYING = re.compile(
    r"(?:转|付|汇|打|给|充|刷|存|交|缴|paid|sent|pay|send|transferred|wired|lost|gave)"
    r"(?:走|了|过|出去|过去|款|账|帐|值|他|她|对方|them|him|her|over|about|around|大概|一共|总共|\s){0,4}$"
)


def amounts_fen(text: str) -> tuple[int, ...]:
    """Return the amounts in a text, in fen, in the order they are said; at most `MOST_AMOUNTS`."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = [
        *((match.start(), _arabic(match, plain)) for match in _ARABIC.finditer(plain)),
        *((match.start(), _chinese(match, plain)) for match in _CHINESE.finditer(plain)),
    ]
    amounts = [fen for _, fen in sorted(found) if 0 < fen <= _MOST_FEN]
    return tuple(dict.fromkeys(amounts))[:MOST_AMOUNTS]


def _arabic(match: re.Match[str], text: str) -> int:
    """Return an amount in fen; 0 for a number that is none."""
    number, times = match["number"].replace(",", ""), match["times"] or ""
    sure = bool(match["sign"] or match["unit"] or times)
    if not sure and not _PAYING.search(text[: match.start()]):
        return 0
    if not sure and (number.startswith("0") or _COUNTED.match(text, match.end())):
        return 0
    rest = match["rest"] or ""
    cents = (match["cents"] or ".0")[1:].ljust(2, "0")
    of_rest = _TIMES[rest[1:]] if rest[1:] else _TIMES[times] // 10
    more = int(rest[0]) * of_rest * 100 if rest else 0
    return (int(number) * 100 + int(cents)) * _TIMES[times] + more


def _chinese(match: re.Match[str], text: str) -> int:
    word = match[0]
    if text[match.start() - 1 : match.start()].isdigit():
        return 0  # a multiple of an Arabic number
    if not match["unit"] and not _PAYING.search(text[: match.start()]):
        return 0
    if not any(one in _TENS or one in _LARGE for one in word) and not match["unit"]:
        return 0  # one of something: 给了一个, 转了三次
    return _value(word) * 100


def _value(word: str) -> int:
    """Read a number in Chinese characters, such as 三万五 (35,000) or 两千零五十."""
    total, section, digit, last = 0, 0, 0, 1
    for one in word:
        if one in _DIGITS:
            digit = _DIGITS[one]
            if one in "零〇":
                last = 10  # what follows is a unit by itself: 两千零五
        elif one in _TENS:
            section += (digit or 1) * _TENS[one]
            digit, last = 0, _TENS[one]
        else:
            total = (total + (section + digit or 1)) * _LARGE[one]
            section, digit, last = 0, 0, _LARGE[one]
    # 三万五: the last digit counts in tenths of the unit before it.
    return total + section + digit * (last // 10 if last > 10 else 1)  # noqa: PLR2004
