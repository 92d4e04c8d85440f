"""Augments training texts so that masks, lengths or cuts do not reveal a source.

Placeholders get plausible values, number classes and characters are dropped at random, long texts
are cut, short ones of one kind joined, and a few characters are replaced, as evaders do.
"""

import re
from collections.abc import Sequence
from random import Random

from classifiers.training.templates import builder, slots
from fanzha.text import Token

_PLACEHOLDER = re.compile("DIGIT|URL|PLACE|NAME|WECHAT|CELLPHONE|BANK")
_MASKED_MOBILE = re.compile(r"(?<![xX\d])[1xX][xX]{10}(?![xX\d])")
_NUMBERS = re.compile("[" + "".join(set(Token) - {Token.LINK, Token.NUMBER}) + "]")
_CLAUSE = re.compile(r"[^，。？！；,?!;]+[，。？！；,?!;]*")
_NOISE = "的了加v＋一丶氵口日月人〇"
_MASKS_KEPT = 0.3
_JOINED = 0.3
_CUT = 0.2
_CLASSES_DROPPED = 0.15
_DISTURBED = 0.35
_LINK_ADDED = 0.25
_RECOMBINED = 0.3
_REPEATED = 0.02
_DROPPED, _REPLACED = 0.04, 0.12
"""Shares of texts, and of characters in the disturbed ones."""
_LONG_ENOUGH_TO_CUT = 40
_SHORT_ENOUGH_TO_JOIN = 60
_MAX_NEIGHBOUR_CHARS = 60
_SHORTEST_PIECE, _LONGEST_PIECE = 2, 12
_AFTER = 0.5


def unmask(text: str, chance: Random) -> str:
    """Fill most masks and placeholders of *text* with values of our own."""
    if chance.random() < _MASKS_KEPT:
        return text
    text = _PLACEHOLDER.sub(lambda match: _value(match[0], chance), text)
    return _MASKED_MOBILE.sub(lambda _: slots.digits("17000000###", chance), text)


def join(text: str, other: str, chance: Random) -> str:
    """Append *other* of the same kind to a short text, now and then."""
    if len(text) < _SHORT_ENOUGH_TO_JOIN and chance.random() < _JOINED:
        return f"{text}{chance.choice(['，', '。', ' '])}{other}"
    return text


def disturb(normal: str, chance: Random) -> str:
    """Cut a normalised text, drop marks of its source, replace a few characters."""
    if len(normal) > _LONG_ENOUGH_TO_CUT and chance.random() < _CUT:
        size = chance.randint(_LONG_ENOUGH_TO_CUT // 2, len(normal))
        start = chance.randint(0, len(normal) - size)
        normal = normal[start : start + size]
    if chance.random() < _CLASSES_DROPPED:
        normal = _NUMBERS.sub(Token.NUMBER, normal)
    if chance.random() < _DISTURBED and normal:
        strange = _NOISE + normal
        normal = "".join([_noisy(character, strange, chance) for character in normal])
    return normal


def with_link(text: str, chance: Random) -> str:
    """Add a link to a legitimate message: to have one is no crime."""
    if chance.random() < _LINK_ADDED:
        return f"{text}{chance.choice([' 详情：', ' 查看 ', ' '])}{slots.link(chance)}"
    return text


def recombined(text: str, other: str, chance: Random) -> str:
    """Mix the clauses of two legitimate messages: the result is legitimate too."""
    if chance.random() > _RECOMBINED:
        return text
    clauses = _CLAUSE.findall(text) + _CLAUSE.findall(other)
    return "".join(chance.sample(clauses, chance.randint(1, len(clauses))))


def repeated(text: str, chance: Random) -> str:
    """Repeat a piece of a legitimate text many times, now and then: that is no evidence."""
    if len(text) < _SHORTEST_PIECE or chance.random() > _REPEATED:
        return text
    size = chance.randint(_SHORTEST_PIECE, min(len(text), _LONGEST_PIECE))
    start = chance.randint(0, len(text) - size)
    return text[start : start + size] * chance.randint(4, 30)


def framed(text: str, neighbours: Sequence[str], chance: Random) -> str:
    """Put one or two legitimate texts before or after *text*."""
    for _ in range(chance.choice((1, 1, 2))):
        other = chance.choice(neighbours)[:_MAX_NEIGHBOUR_CHARS]
        mark = chance.choice(["，", "。", " ", ". "])
        text = f"{text}{mark}{other}" if chance.random() < _AFTER else f"{other}{mark}{text}"
    return text


def _noisy(character: str, strange: str, chance: Random) -> str:
    throw = chance.random()
    return "" if throw < _DROPPED else chance.choice(strange) if throw < _REPLACED else character


def _value(placeholder: str, chance: Random) -> str:
    match placeholder:
        case "DIGIT":
            form = chance.choice(["#", "##", "###", "####", "####", "#####", "######", "95###"])
            return slots.digits(form, chance)
        case "URL":
            return slots.link(chance)
        case "WECHAT":
            return slots.contact(chance)
        case "CELLPHONE":
            return slots.digits("17000000###", chance)
        case _:
            slot = {"PLACE": "{city}", "NAME": "{name}", "BANK": "{bank}"}[placeholder]
            return builder.fill(slot, chance)
