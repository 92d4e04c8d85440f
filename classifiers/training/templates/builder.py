"""Generates messages from our own templates: the ten kinds of fraud, and legitimate look-alikes.

The same seed writes the same messages as long as templates and slots keep their order.
"""

import re
from collections.abc import Mapping
from functools import cache
from random import Random

from classifiers.training.templates.loader import CHOICE, LANGUAGES, SLOT, message_templates
from classifiers.training.templates.slots import MONEY, MONEY_PARTS, slots
from fanzha.fraud import FraudType

_LETTERS = (("th", re.compile("[\u0e00-\u0e7f]")), ("zh", re.compile("[\u4e00-\u9fff]")))


def fraud_templates_by_type() -> dict[FraudType, list[str]]:
    """Return all templates of fraud, by kind of fraud."""
    by_type: dict[FraudType, list[str]] = {kind: [] for kind in FraudType}
    for template in message_templates():
        if template.label == "fraud":
            by_type[template.fraud_type].append(template.text)
    return by_type


def fraud_templates() -> list[str]:
    """Return all templates of fraud."""
    return [template.text for template in message_templates() if template.label == "fraud"]


def ham_templates() -> list[str]:
    """Return all templates of legitimate messages."""
    return [template.text for template in message_templates() if template.label == "ham"]


def ham_templates_by_language() -> dict[str, list[str]]:
    """Return all templates of legitimate messages, by language code."""
    by_language: dict[str, list[str]] = {code: [] for code in LANGUAGES}
    for template in message_templates():
        if template.label == "ham":
            by_language[template.language].append(template.text)
    return by_language


def language(template: str) -> str:
    """Return the language code of *template*, by its letters where it is not one of ours."""
    by_letters = (code for code, letters in _LETTERS if letters.search(template))
    return _languages().get(template) or next(by_letters, "en")


def fill(template: str, chance: Random) -> str:
    """Write a message: make the choices and fill the slots of *template*."""
    known = slots()
    chosen = CHOICE.sub(lambda match: chance.choice(match[1].split("|")), template)
    chosen = chosen.replace(f"{{{MONEY}}}", MONEY_PARTS)
    once = [slot for slot in dict.fromkeys(SLOT.findall(chosen)) if slot in known.one_per_message]
    fixed = {slot: known.value(slot, chance) for slot in once}
    return SLOT.sub(lambda match: fixed.get(match[1]) or known.value(match[1], chance), chosen)


@cache
def _languages() -> Mapping[str, str]:
    return {template.text: template.language for template in message_templates()}
