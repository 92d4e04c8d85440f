"""Templates of messages, and the facts they may include."""

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
"""Facts of maximum length, for measuring. A Chinese name forces UCS-2 in an English SMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """Facts of a case for a message; empty ones are left out."""

    when: str = ""
    """Such as 11月25日14时, or "25 November"."""
    claimed: str = ""
    """The name that the caller or sender claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTemplate:
    """One template; only the facts are still to be substituted."""

    id: str
    """Such as ``sms.fake_loan.high.zh``."""
    form: str
    fraud_type: FraudType
    tier: Tier
    language: str
    version: str
    texts: Mapping[str, str]
    """Texts by known facts: none, when, claimed, both."""

    def filled(self, facts: MessageFacts) -> str:
        """Return the text with *facts* substituted, not linted yet."""
        known = "both" if facts.when and facts.claimed else "when" if facts.when else "claimed"
        text = self.texts[known if facts.when or facts.claimed else "none"]
        return Template(text).substitute(when=facts.when, claimed=facts.claimed).strip()

    @property
    def length(self) -> SmsLength:
        """Its length with facts of maximum length."""
        return sms_length(self.filled(MessageFacts(**LONGEST[self.language])))


def template_id(form: str, fraud_type: FraudType, tier: Tier, language: str) -> str:
    """Return a template id, such as ``sms.fake_loan.high.zh``."""
    return f"{form}.{fraud_type.name.lower()}.{tier.name.lower()}.{language}"
