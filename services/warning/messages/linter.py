"""Linter of messages: refuses what a fraudster could imitate or abuse, as 12381 requires.

A message may have no link, no number but 110 and 96110, no messenger or mail account, and no
invitation to reply, call back or add a contact, not even disguised (`folded_text`). Each fault has
its position and rule. The linter prefers false positives: the wording can be changed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fanzha.links import find_links
from fanzha.text import Token, normalise
from fanzha.translation.message import Message
from services.warning.messages.folded_text import NUMERALS, FoldedText, fold, invisible

ALLOWED = frozenset({"110", "96110"})
"""The numbers that a message may contain."""
MOST_CHARACTERS = 4000
_MAX_LISTED = 3
_SHORTEST = 3
"""Fewest consecutive digits that may be a number to call or text."""


class LintRule(StrEnum):
    """Rules of the linter."""

    LINK = "link"
    NUMBER = "number"
    ACCOUNT = "account"
    ADDRESS = "address"
    INVITATION = "invitation"
    INVISIBLE = "invisible"
    LENGTH = "length"


_WHY = {
    LintRule.LINK: Message("no link: recipients should never follow one"),
    LintRule.NUMBER: Message("no number or short code but 110 and 96110"),
    LintRule.ACCOUNT: Message("no WeChat, QQ or other account"),
    LintRule.ADDRESS: Message("no mail address and no @name"),
    LintRule.INVITATION: Message("no invitation to reply, call back or add a contact"),
    LintRule.INVISIBLE: Message("no invisible character"),
    LintRule.LENGTH: Message("longer than {most} characters", most=MOST_CHARACTERS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFault:
    """One violation of a rule."""

    kind: LintRule
    start: int
    """Offset in the text, from 0."""
    end: int
    found: str

    @property
    def why(self) -> Message:
        """The rule."""
        return _WHY[self.kind]

    @property
    def message(self) -> Message:
        """Where it is, what stands there, and the rule."""
        return Message(
            "at {place}: {found!r}: {why}", place=self.start + 1, found=self.found, why=self.why
        )

    def __str__(self) -> str:
        return self.message


_DOMAIN = re.compile(
    r"(?:https?|ftp|hxxp)\b|://|\bwww\b|(?<![a-z0-9-])[a-z0-9-]++[.。｡][a-z]{2,}[!-~]*|\d\s?\.\s?\d+\s?\.\s?\d"
    r"|[a-z0-9]\s?(?:\.|。|｡|点|dot|[\[(【]\s?(?:\.|点|dot)\s?[\])】])\s?"
    r"(?:com|cn|net|org|cc|top|vip|xyz|io|test|example)\b"
    r"|[\u4e00-\u9fff]\.(?:com|cn|net|中国|公司|网络)"
)
_ADDRESS = re.compile(r"@|\b[\w.-]+\s?[\[(]\s?at\s?[\])]\s?\w+|\bmailto\b")
_MESSENGER = (
    r"(?:微信|薇信|威信|维信|微❤|v信|扣扣|企鹅|电报|纸飞机|抖音|快手|陌陌|支付宝|公众号"
    r"|(?<![a-z])(?:v\s?x|w\s?x|wei\s?xin|we\s?chat|q\s?q|tele\s?gram|whats\s?app|line|skype"
    r"|signal|facebook|fb)(?![a-z]))\s*(?:账号|帐号|号|id|群|no)?\s*"
)
_ACCOUNT = re.compile(
    # A name with a digit or sign, or any name after a separator.
    rf"{_MESSENGER}(?:[:=是为]*\s*(?=[a-z]*[0-9_-])[a-z0-9][a-z0-9_-]{{3,}}"
    r"|[:=是为]+\s*[a-z][a-z0-9_-]{3,})"
)
_CLAUSE = re.compile(r"[^,，.。;；:：!！?？\n]+")
_NOT = re.compile(
    r"不要|不得|不能|不会|不可|不轻易|不随意|切勿|请勿|切莫|别|勿|莫|拒绝"
    r"|never|do not|don't|don’t|not "
)
_NOT_REACHES = 14
"""Distance in characters within which a negation applies to an invitation."""
_MINE = re.compile(
    r"(?:联系|加|找|回复|回电|添加|咨询|搜索?|关注)\s?(?:我们?|本人|客服|警官|警员|专员|老师|下方|以下)"
    r"|(?:call|text|contact|add|write to|message|reply to)\s(?:me|us)\b"
    r"|退订|回t\b|回复?\s?[a-z0-9]\b|拨打(?:此|该|本|以下|下方|屏幕)"
)
"""Invitations that are refused even when negated."""
_INVITES = re.compile(
    r"回复|回拨|回电|回信|回短信|致电|来电(?:咨询|联系|核实)|打回去|联系电话|热线"
    r"|(?:加|添加)(?:好友|微信|薇信|威信|v信?|qq|群)|扫码|扫描|二维码"
    r"|\brepl(?:y|ies)\b|\bcall(?:ing)?\s(?:back|this|that|them|the)\b|\btext\s(?:back|stop|yes)\b"
    r"|\brespond\b|\bscan\b|\bqr\scode\b|\bhotline\b"
)
_DIALS = re.compile(
    r"拨打|拨|打电话(?:给|到)|\bdial\b|\b(?:phone|ring)\s(?:me|us|them|this|that)\b"
    # Not the noun.
    r"|(?<!\ba )(?<!\bthe )(?<!\bthis )(?<!\bthat )(?<!\bphone )(?<!\bvideo )\bcall\b"
)
_MAY_DIAL = re.compile(
    r"\s?(?:反诈专线|报警电话|(?:the\s)?police(?:\s(?:on|at))?|on|at)?\s?(?:1\s?1\s?0|9\s?6\s?1\s?1\s?0)(?!\s?\d)"
)
_AS_DIGITS = str.maketrans(NUMERALS)
_APART = r"[\s\-‐‑‒–—―_.·•・,，、。/\\()（）\[\]【】<>《》*+~|:：'\"“”]{0,4}"
_RUN = re.compile(rf"[0-9](?:{_APART}[0-9])*")
_GROUP = re.compile(r"[0-9]+")
_UNIT = re.compile(r"\s?(?:[0-9]*)(?:万?元|块|年|%|％|人|名|起|yuan|cny|rmb|people)")
_LONGEST_AMOUNT = 6
_LOOKS_LIKE_DIGITS = re.compile(r"(?<![a-z])[0-9oil|](?:[\s-]?[0-9oil|]){4,}(?![a-z])")
_WORDS = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_DIGIT_WORDS = re.compile(
    rf"\b(?:{_WORDS})\b(?:[\s,-]{{0,3}}(?:double\s)?\b(?:{_WORDS}|[0-9])\b){{2,}}"
)
_BAD_TOKENS = frozenset(
    {
        Token.LINK, Token.MOBILE, Token.HOTLINE, Token.NATIONAL_SERVICE, Token.CARRIER,
        Token.ACCESS_CODE, Token.DIGITS_9, Token.DIGITS_13, Token.DIGITS_MORE,
    }
)  # fmt: skip


def faults(text: str) -> list[LintFault]:
    """Return all faults of a message, by position; empty: it may be sent."""
    if len(text) > MOST_CHARACTERS:
        return [_fault(LintRule.LENGTH, text, 0, len(text))]
    folded = fold(text)
    found = [
        *(_fault(LintRule.INVISIBLE, text, place, place + 1) for place in invisible(text)),
        *_all(_DOMAIN, LintRule.LINK, text, folded),
        *_all(_ADDRESS, LintRule.ADDRESS, text, folded),
        *_all(_ACCOUNT, LintRule.ACCOUNT, text, folded),
        *_numbers(text, folded),
        *_invitations(text, folded),
    ]
    once = {(fault.kind, fault.start, fault.end): fault for fault in found or _second_opinion(text)}
    return sorted(once.values(), key=lambda fault: (fault.start, fault.end))


def summary(faults: Sequence[LintFault]) -> str:
    """Format the first few faults in one line."""
    more = len(faults) - _MAX_LISTED
    return "; ".join(map(str, faults[:_MAX_LISTED])) + (f"; and {more} more" if more > 0 else "")


def digits_in(text: str) -> int:
    """Count the digits and Chinese numerals of a text."""
    return sum(map(str.isdecimal, fold(text).text.translate(_AS_DIGITS)))


def _all(
    pattern: re.Pattern[str], kind: LintRule, text: str, folded: FoldedText
) -> Iterator[LintFault]:
    for match in pattern.finditer(folded.text):
        yield _fault(kind, text, *folded.span(*match.span()))


def _numbers(text: str, folded: FoldedText) -> Iterator[LintFault]:
    digits = folded.text.translate(_AS_DIGITS)
    for match in _RUN.finditer(digits):
        if _is_number(match, digits):
            yield _fault(LintRule.NUMBER, text, *folded.span(*match.span()))
    for match in _LOOKS_LIKE_DIGITS.finditer(folded.text):
        # Runs of digits only were checked above.
        digits_only = not set(match[0]) - set("0123456789 -")
        if sum(map(str.isdigit, match[0])) >= _SHORTEST and not digits_only:
            yield _fault(LintRule.NUMBER, text, *folded.span(*match.span()))
    for match in _DIGIT_WORDS.finditer(folded.text):
        yield _fault(LintRule.NUMBER, text, *folded.span(*match.span()))


def _is_number(match: re.Match[str], digits: str) -> bool:
    groups = _GROUP.findall(match[0])
    joined = "".join(groups)
    if len(joined) < _SHORTEST or joined in ALLOWED or ALLOWED.issuperset(groups):
        return False
    is_amount = len(groups) == 1 and len(joined) <= _LONGEST_AMOUNT
    return not (is_amount and _UNIT.match(digits, match.end()))


def _invitations(text: str, folded: FoldedText) -> Iterator[LintFault]:
    digits = folded.text.translate(_AS_DIGITS)
    for clause in _CLAUSE.finditer(folded.text):
        start, end = clause.span()
        for match in _MINE.finditer(folded.text, start, end):
            yield _fault(LintRule.INVITATION, text, *folded.span(*match.span()))
        for match in _INVITES.finditer(folded.text, start, end):
            if not _is_denied(folded.text, start, match.start()):
                yield _fault(LintRule.INVITATION, text, *folded.span(*match.span()))
        for match in _DIALS.finditer(folded.text, start, end):
            to_police = _MAY_DIAL.match(digits, match.end())
            if not to_police and not _is_denied(folded.text, start, match.start()):
                yield _fault(LintRule.INVITATION, text, *folded.span(*match.span()))


def _is_denied(text: str, clause: int, place: int) -> bool:
    return _NOT.search(text, max(clause, place - _NOT_REACHES), place) is not None


def _second_opinion(text: str) -> list[LintFault]:
    """Check the text with the normaliser of the text filters, which knows more disguises."""
    if find_links(text):
        return [_fault(LintRule.LINK, text, 0, len(text))]
    tokens = _BAD_TOKENS.intersection(normalise(text))
    if not tokens:
        return []
    kind = LintRule.LINK if Token.LINK in tokens else LintRule.NUMBER
    return [_fault(kind, text, 0, len(text))]


def _fault(kind: LintRule, text: str, start: int, end: int) -> LintFault:
    return LintFault(kind=kind, start=start, end=end, found=text[start:end][:60])
