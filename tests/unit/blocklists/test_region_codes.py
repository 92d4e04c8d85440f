"""Codes of regions."""

import pytest

from blocklists import region_codes
from fanzha.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "code"),
    [("", ""), (" 33 ", "33"), ("330000", "33"), ("330100", "3301"), ("330106", "330106"),
     ("110000", "11"), ("1100", "11"), ("100000", "10")],
)  # fmt: skip
def test_zeros_that_only_fill_a_code_up_are_left_out(written: str, code: str) -> None:
    assert region_codes.read(written) == code


@pytest.mark.parametrize("written", ["3", "330", "Zhejiang", "33-01", "03", "33010600", "３３"])
def test_what_is_no_code_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match="region: two, four or six digits"):
        region_codes.read(written)
