"""Codes of regions, as GB/T 2260 has them: ``33`` a province, ``3301`` a city, ``330106`` a county.

A region holds all regions whose codes begin with its own. Trailing zeros only fill a code up:
``330100`` and ``3301`` are the same city.
"""

import re

from fanzha.errors import InvalidInput

_CODE = re.compile(r"[1-9][0-9](?:[0-9]{2}){0,2}")
_PROVINCE_DIGITS = 2


def region_key(code: str) -> str:
    """Return a region code without trailing zeros: ``330100`` and ``3301`` are the same city."""
    while len(code) > _PROVINCE_DIGITS and code.isdigit() and code.endswith("00"):
        code = code[:-2]
    return code


def is_code(text: str) -> bool:
    """Tell whether *text* is the code of a province, city or county, with or without zeros."""
    return _CODE.fullmatch(text) is not None


def read(text: str) -> str:
    """Return the code in *text* without trailing zeros, empty for none; raise `InvalidInput`."""
    code = text.strip()
    if code and not is_code(code):
        raise InvalidInput("region: two, four or six digits, such as 3301, or empty")
    return region_key(code)


def is_province(code: str) -> bool:
    """Tell whether a code without trailing zeros is of a whole province."""
    return len(code) == _PROVINCE_DIGITS
