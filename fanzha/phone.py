"""Number keys: every calling or called party as one int64.

===================  =====================================  =====================
key                  party                                  written
===================  =====================================  =====================
1 to 10**15 - 1      E.164 number: its digits               ``+8613800138000``
-1 to -2 * 10**18    service code: its digits, negated      ``110``, ``1069012345``
2**62 and above      alphanumeric sender: a 61-bit hash     ``Bank``, ``anonymous``
0                    could not be read
===================  =====================================  =====================

The plus sign decides between the first two, so ``110`` and ``+86110`` never share
a key; `fanzha.service_codes` tells that both mean the police. Digits without a plus
are read by the home plan, the way the switches of that country write them; what fits
nothing is refused, not guessed. Separators, full-width digits, and tel and SIP URIs
are read everywhere (`fanzha.party_address`).
Digits are exact. Two things are not: of a service code with twenty digits the
last one is dropped, and two senders share a key with a probability of 2**-61.

Sources: ITU-T E.164; the Chinese numbering plan (MIIT, 2017, with the changes to
March 2023) and the plan of SMS access codes (MIIT, 2010).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from fanzha import party_address, service_codes
from fanzha.tables import Int64s

UNREADABLE = 0
FIRST_SENDER = 2**62

_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
_SERVICE_CODE = re.compile(r"[1-9][0-9]{2,5}|10[0-9]{5,18}|9[56][0-9]{5,6}")
_SENDER = re.compile(r"(?=.*[^\W\d_])[^\x00-\x1f]{1,32}")
_IN_ADDRESSES = re.compile(r"[:@;<：＠；＜]")
"""What each address of a party has and hardly a name."""
_RANGE = re.compile(r"(\+?)([1-9][0-9]{1,13})\*")
_INTERNATIONAL = re.compile(r"00(?P<international>[1-9][0-9]{2,14})")

# The named group is the national number, or a service code written like one.
_CHINA = re.compile(
    rf"""
    # Dialling prefixes for cheap long distance; but eleven digits are a mobile number.
    (?:(?!1[3-9][0-9]{{9}}\Z)(?:179(?:09|11|51)|12593))?
    (?:
        (?:86)?0?(?P<mobile>1[3-9][0-9]{{9}})
      | (?:86|0|860)(?P<fixed>(?:10|2[0-9]|[3-9][0-9]{{2}})[2-8][0-9]{{6,7}})
      | {service_codes.national_pattern()}
      | (?:86)?(?P<other>
            14[04][0-9]{{10}}                      # machines, 13 digits
          | [48]00[0-9]{{7}}                       # hotlines
        )
    )
  | 86(?P<forged>1[0-9]{{2}}|1[0-9]{{4}}|9[56][0-9]{{3,4}})
    """,
    re.VERBOSE,
)
_ELSEWHERE = re.compile(r"0(?P<national>[1-9][0-9]{5,12})")
# A range of what the home plan would write with the country code. Digits that begin with 86
# have it already.
_CHINESE_RANGE = re.compile(
    r"(?:(?:86)?0(?=[1-9][0-9])|86(?=[1-9])|(?!86)(?=1[3-9]|[2-8]))([0-9]{2,11})\*"
)


@dataclass(frozen=True)
class HomePlan:
    """Reads numbers the way the switches of one country write them."""

    country_code: str = "86"

    def number_keys(self, texts: Sequence[str]) -> Int64s:
        """Read numbers and service codes; `UNREADABLE` where a text is neither."""
        # Most are written in full, so that is tried here; a call for each costs as much again.
        keys = [int(text) if _E164.fullmatch(text) else self.number_key(text) for text in texts]
        return np.array(keys, np.int64)

    def sender_keys(self, texts: Sequence[str]) -> Int64s:
        """Read numbers, service codes and alphanumeric senders."""
        keys = [int(text) if _E164.fullmatch(text) else self.sender_key(text) for text in texts]
        return np.array(keys, np.int64)

    def number_key(self, text: str) -> int:
        """Read one number or service code."""
        if _E164.fullmatch(text):
            return int(text)
        return self._home_key(party_address.bare(text)) or self._key_in_address(text)

    def sender_key(self, text: str) -> int:
        """Read one number, service code or alphanumeric sender.

        A URI is no name, but where it hides its number: ``sip:anonymous@anonymous.invalid``.
        """
        if key := self.number_key(text):
            return key
        name = sender_name(text)
        return sender_hash(name) if _SENDER.fullmatch(name) else UNREADABLE

    def range_key(self, text: str) -> tuple[int, int] | None:
        """Read a range such as ``+86170*``: its leading digits as a key, and how many they are."""
        text = party_address.bare(text)
        if text.startswith("00"):
            text = "+" + text[2:]
        elif self.country_code == "86" and (match := _CHINESE_RANGE.fullmatch(text)):
            text = f"+86{match[1]}*"
        match = _RANGE.fullmatch(text)
        if match is None:
            return None
        plus, digits = match.groups()
        return (int(digits) if plus else -int(digits)), len(digits)

    @cached_property
    def _plan(self) -> re.Pattern[str]:
        return _CHINA if self.country_code == "86" else _ELSEWHERE

    def _key_in_address(self, text: str) -> int:
        if not _IN_ADDRESSES.search(text):
            return UNREADABLE
        for number in party_address.numbers(text):
            for digits in self._dialled(*number):
                if key := self._home_key(digits):
                    return key
        return UNREADABLE

    def _dialled(self, digits: str, context: str) -> Sequence[str]:
        """Return how a subscriber at home may dial a number of an address; nothing if nobody can.

        Digits that count in another country only are not guessed at: RFC 3966, 5.1.5, says that
        putting the context before them need not make a number.
        """
        if digits.startswith("+") or not context:
            return (digits,)
        if not context.startswith(home := f"+{self.country_code}"):
            return ()
        return digits, f"0{context.removeprefix(home)}{digits}"

    def _home_key(self, text: str) -> int:
        if _E164.fullmatch(text):
            return int(text)
        if match := _INTERNATIONAL.fullmatch(text):
            return int(match["international"])
        if match := self._plan.fullmatch(text):
            return int(self.country_code + match[match.lastgroup or 0])
        if _SERVICE_CODE.fullmatch(text):
            return -int(text[:19])
        return UNREADABLE


def sender_hash(name: str) -> int:
    """Return the key of an alphanumeric sender, whatever its case."""
    digest = blake2b(name.casefold().encode(), digest_size=8).digest()
    return FIRST_SENDER | int.from_bytes(digest) >> 3


def sender_name(text: str) -> str:
    """Return the name that `HomePlan.sender_key` hashes, of a text that is no number."""
    return party_address.name(text) if party_address.is_uri(text) else text


def number_text(key: int) -> str:
    """Write the number or service code of *key*; empty for hashed senders and `UNREADABLE`."""
    if key == UNREADABLE or key >= FIRST_SENDER:
        return ""
    return f"+{key}" if key > 0 else str(-key)


def party_text(key: int, text: str) -> str:
    """Write the party of *key*, which was read from *text*: a number, or a sender's name."""
    return number_text(key) or sender_name(text)


def range_text(key: int, digits: int) -> str:
    """Write the range of *key*, the reverse of `HomePlan.range_key`."""
    return f"{'+' if key > 0 else ''}{abs(key):0{digits}d}*"


_SHOWN = 4
_LONGEST_SERVICE_CODE = 6


def masked(text: str) -> str:
    """Mask a party for logs: all but the last four characters of a text longer than six."""
    hidden = len(text) - _SHOWN
    return "*" * hidden + text[-_SHOWN:] if len(text) > _LONGEST_SERVICE_CODE else text
