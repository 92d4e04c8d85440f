"""The example configuration of Kamailio exempts what the guard protects, and nothing else."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists import protected
from fanzha import service_codes
from fanzha.phone import HomePlan
from tests.support.checkout import CHECKOUT


class Exemption:
    """What examples/kamailio.cfg lets through as a callee, before it looks at a list."""

    def __init__(self) -> None:
        page = (CHECKOUT / "examples" / "kamailio.cfg").read_text()
        route = page.partition("route[FANZHA] {")[2].partition("# Variables outlive a call")[0]
        found = re.findall(r'\$var\((\w+)\) =~ "(\^.*\$)"', route)
        assert [variable for variable, _ in found] == ["digits", "home", "digits"]
        digits = "|".join(one for name, one in found if name == "digits")
        self._digits = re.compile(digits, re.MULTILINE)
        self._home = re.compile("|".join(one for name, one in found if name == "home"))

    def covers(self, dialled: str) -> bool:
        """Tell whether a call to *dialled* goes through whatever the lists say."""
        digits = dialled if dialled.isdecimal() else re.sub(r"[ ().-]", "", dialled)
        home = digits
        if not re.fullmatch("1[3-9][0-9]{9}", digits):
            home = re.sub("^(17909|17911|17951|12593)", "", digits)
        return bool(self._digits.match(digits) or self._home.match(home))

    def lines(self, codes: str) -> list[str]:
        """Return those of many codes, one a line and without a prefix, that go through."""
        return [found[0] for found in self._digits.finditer(codes)]


def _is_protected(dialled: Sequence[str]) -> list[bool]:
    retained: list[bool] = protected.protected_numbers(HomePlan().number_keys(dialled)).tolist()
    return retained


def _differing(dialled: Sequence[str]) -> list[str]:
    exemption = Exemption()
    return [
        text
        for text, is_held in zip(dialled, _is_protected(dialled), strict=True)
        if exemption.covers(text) != is_held
    ]


def test_the_configuration_for_kamailio_exempts_all_protected_callees_and_no_others() -> None:
    assert _differing([str(code) for code in range(100, 100_000)]) == []
    # Codes that begin with the country code are read as written forms: checked below.
    codes = [code for code in range(100_000, 1_000_000) if not 860_000 <= code < 870_000]
    assert Exemption().lines("\n".join(map(str, codes))) == [
        str(code)
        for code, is_held in zip(codes, protected.protected_numbers(-np.array(codes)), strict=True)
        if is_held
    ]
    assert _differing([str(code) for code in range(860_000, 870_000)]) == []


def test_the_configuration_for_kamailio_exempts_every_written_form() -> None:
    exemption = Exemption()
    codes = [code.replace("x", digit) for code in service_codes.SERVICE_CODES for digit in "07"]

    forms = [text for code in codes for text in protected.written_forms(code)]

    assert len(forms) > 100_000
    assert [text for text in forms if not exemption.covers(text)] == []


_AREAS = ("", "10", "20", "21", "400", "401", "571", "755", "800", "810", "999", "57", "1")


@given(
    front=st.sampled_from([*(form.front for form in service_codes.FORMS), "17909", "125930",
                           "1791186", "17951860", "000", "+0", "85", "1", "95"]),
    area=st.sampled_from(_AREAS),
    code=st.one_of(
        st.from_regex("[0-9]{3,9}", fullmatch=True),
        st.from_regex("(11[0-9]|12[0-9]|100..|12...|9[4-7]...?.?)[0-9]?", fullmatch=True).filter(
            str.isascii
        ).filter(str.isdecimal),
    ),
)  # fmt: skip
def test_the_configuration_for_kamailio_reads_callees_as_the_guard_does(
    front: str, area: str, code: str
) -> None:
    assert _differing([f"{front}{area}{code}"]) == []


@pytest.mark.parametrize("number", ["+861012345678", "057188880000", "+12025550123", "861012345678",
                                    "17000000123", "17909010110", "4008100000"])  # fmt: skip
def test_the_configuration_for_kamailio_exempts_no_subscriber(number: str) -> None:
    assert not Exemption().covers(number)
    assert _is_protected([number]) == [False]
