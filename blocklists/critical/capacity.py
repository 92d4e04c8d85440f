"""How many subscribers a range of numbers could hit: 10 to the power of the digits it leaves open.

Lengths are the longest that a country's plan has, so that a range is never taken for smaller than
it is; where a plan is not known here, E.164's fifteen digits hold. Service codes have no
subscribers of their own: their ranges count as if codes had twelve digits, a basic code of eight
and four digits that its holder adds.

Sources: ITU-T E.164 and its list of national plans; the Chinese numbering plan (MIIT, 2017).
"""

import re

LONGEST_E164 = 15
LONGEST_SERVICE_CODE = 12

_LENGTHS = {
    "1": 11, "7": 11, "20": 12, "27": 11, "30": 12, "31": 11, "32": 11, "33": 11, "34": 11,
    "36": 11, "40": 11, "41": 11, "44": 12, "45": 10, "46": 11, "47": 10, "48": 11, "51": 11,
    "52": 12, "54": 13, "55": 13, "56": 11, "57": 12, "60": 12, "61": 11, "62": 14, "63": 12,
    "64": 12, "65": 10, "66": 11, "81": 12, "82": 12, "84": 12, "90": 12, "91": 12, "92": 12,
    "94": 11, "95": 12, "351": 12, "353": 12, "852": 11, "853": 11, "855": 12, "856": 13,
    "880": 13, "886": 12, "971": 12,
}  # fmt: skip
"""The most digits of a number, country code included."""

_CHINESE = (
    # Machines have thirteen digits; their plan begins like Beijing's and like that of mobiles.
    (re.compile(r"8610(?:6(?:4[0-9]*)?)?"), LONGEST_E164),
    (re.compile(r"8614(?:[04][0-9]*)?"), LONGEST_E164),
    (re.compile(r"861[3-9][0-9]*"), 13),  # mobiles
    (re.compile(r"86(?:10|2[0-9])[0-9]*"), 12),  # cities with a code of two digits
    (re.compile(r"86[48]00[0-9]*"), 12),  # hotlines
    (re.compile(r"86[3-9][0-9]{2,}"), 13),  # cities with a code of three digits
)


def subscribers(key: int, digits: int) -> int:
    """Return how many numbers a range covers at most; *key* and *digits* as in `EntryTable`."""
    head = f"{abs(key):0{digits}d}"
    longest = _longest(head) if key > 0 else LONGEST_SERVICE_CODE
    open_digits = max(longest - digits, 0)
    return int(10**open_digits)


def _longest(head: str) -> int:
    if head.startswith("86"):
        return next((most for plan, most in _CHINESE if plan.fullmatch(head)), LONGEST_E164)
    return next(
        (_LENGTHS[head[:size]] for size in (1, 2, 3) if head[:size] in _LENGTHS), LONGEST_E164
    )
