"""Lets rich break lines of Chinese: between any two characters, but not before a comma.

Rich breaks at spaces only. What has none and is longer than its column it cuts off, so half a
sentence of Chinese help would be lost on a narrow terminal.
"""

import re

from rich import _wrap

_OPENING = "（《“‘【"
_CLOSING = "，。；：、！？）》”’】"
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNBREAKABLE = re.compile(
    rf"\s*(?:[{_OPENING}]*(?:[{_CHINESE}]|[^\s{_CHINESE}{_OPENING}{_CLOSING}]+)[{_CLOSING}]*"
    rf"|[{_OPENING}{_CLOSING}]+)\s*"
)
"""What stays on one line: one character, or a word of other letters, with its punctuation."""


def install() -> None:
    """Use `UNBREAKABLE` for all that rich prints in this process."""
    # Rich has no setting for it; a test prints all help on a narrow terminal and misses nothing.
    _wrap.re_word = UNBREAKABLE
