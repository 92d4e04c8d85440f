"""Public bodies that owe a step or a stage, or take leads: a code is stored, a name is shown.

A unit is a code where we know it, so that everyone reads it in their own language and one filter
finds it; any other unit is the text that somebody gave it. Records from before there were codes
have one of the names, which is read as the code.
"""

from collections.abc import Mapping
from functools import cache

from fanzha.translation.catalogue import LOCALES
from fanzha.translation.message import Message, localized

UNITS: Mapping[str, Message] = {
    "carriers": Message("carriers"),
    "central_bank_branch": Message("central bank branch"),
    "city_anti_fraud_centre": Message("city anti-fraud centre"),
    "cyberspace": Message("cyberspace administration"),
    "financial_bureau": Message("financial bureau"),
    "financial_regulation": Message("financial regulation"),
    "human_resources": Message("human resources and social security"),
    "market_regulation": Message("market regulation"),
    "provincial_communications": Message("provincial communications administration"),
    "public_security": Message("public security"),
    "tax": Message("tax authority"),
}
"""Names by code."""
_FORMER = {"communications bureau": "provincial_communications"}
"""Names that records may have and nothing is called any more."""


def code_of(text: str) -> str:
    """Return the code of a unit that *text* names in any language; any other text as it is."""
    return _codes().get(text.strip().casefold(), text)


def name_of(unit: str) -> str:
    """Return the name of a stored unit, a `Message` of the known ones."""
    return UNITS.get(code_of(unit), unit)


def name_in(unit: str, language: str) -> str:
    """Return the name of a stored unit in *language*."""
    return localized(name_of(unit), language)


@cache
def _codes() -> Mapping[str, str]:
    names = {
        name.translated(language).casefold(): code
        for code, name in UNITS.items()
        for language in LOCALES
    }
    return names | _FORMER | {code: code for code in UNITS}
