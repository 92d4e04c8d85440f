"""A template of a warning, and the facts that it may tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from fanzha.fraud import FraudType
from services.warning.messages.sms_length import SmsLength, sms_length
from services.warning.model import Tier

LANGUAGES = ("zh", "en")
FORMS = ("sms", "voice", "in_person")
LONGEST_CLAIMED = 20
LONGEST = {
    "zh": {"when": "12月31日23时", "claimed": "某" * LONGEST_CLAIMED},
    "en": {"when": "30 September", "claimed": "X" * LONGEST_CLAIMED},
}
"""Facts as long as they may be, to measure by. A name in Chinese makes an English SMS longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What a message may tell of a case; empty: is left out."""

    when: str = ""
    """Such as 11月25日14时, or "25 November"."""
    claimed: str = ""
    """What the caller or sender calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTemplate:
    """One template: all but the facts is filled in."""

    id: str
    """Such as ``sms.fake_loan.high.zh``."""
    form: str
    fraud_type: FraudType
    tier: Tier
    language: str
    version: str
    texts: Mapping[str, str]
    """By which facts are known: none, when, claimed, both."""

    def filled(self, facts: MessageFacts) -> str:
        """Return the text with the facts in it; nobody has looked at it yet."""
        known = "both" if facts.when and facts.claimed else "when" if facts.when else "claimed"
        text = self.texts[known if facts.when or facts.claimed else "none"]
        return Template(text).substitute(when=facts.when, claimed=facts.claimed).strip()

    @property
    def length(self) -> SmsLength:
        """Its size with facts as long as they may be."""
        return sms_length(self.filled(MessageFacts(**LONGEST[self.language])))


def template_id(form: str, fraud_type: FraudType, tier: Tier, language: str) -> str:
    """Return the id of a template."""
    return f"{form}.{fraud_type.name.lower()}.{tier.name.lower()}.{language}"
