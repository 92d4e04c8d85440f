"""What an operator may set about deciding, and how the decision log keeps it."""

from dataclasses import dataclass

from services.decision.host_facts import HostFactsAction
from services.decision.origin.guard import UnregisteredAction
from services.decision.sender_stage import SenderStage
from services.decision.velocity import VelocityStage
from services.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """What an operator may set about deciding, apart from thresholds."""

    home_country: str = "86"
    block_implausible_callers: bool = True
    block_spam: bool = False
    spam_threshold: float | None = None
    """None: that of the model."""
    unregistered_senders: UnregisteredAction = UnregisteredAction.LABEL
    """Without a registry of senders none counts as unregistered."""
    host_facts_action: HostFactsAction = HostFactsAction.REVIEW

    def spam_threshold_or(self, of_model: float) -> float:
        """Return the probability from which spam is blocked; *of_model* where none is set."""
        return of_model if self.spam_threshold is None else self.spam_threshold

    @classmethod
    def of(cls, settings: Settings) -> "DecisionRules":
        """Return what the settings say."""
        return cls(
            home_country=settings.home_country,
            block_implausible_callers=settings.block_implausible_callers,
            block_spam=settings.block_spam,
            spam_threshold=settings.spam_threshold,
            unregistered_senders=UnregisteredAction(settings.unregistered_senders),
            host_facts_action=HostFactsAction(settings.host_facts_action),
        )


def settings_in_words(
    rules: DecisionRules, velocity: VelocityStage | None, senders: SenderStage | None
) -> str:
    """Return what decides beside lists and scores, as ``name=value`` with spaces between them."""
    words = {
        "block_implausible_callers": _word(rules.block_implausible_callers),
        "block_spam": _word(rules.block_spam),
        "unregistered_senders": rules.unregistered_senders.value,
    }
    if rules.spam_threshold is not None:
        words["spam_threshold"] = f"{rules.spam_threshold:g}"
    words["velocity_action"] = _action(velocity)
    words["sender_history_action"] = _action(senders)
    words["host_facts_action"] = rules.host_facts_action.value
    return " ".join(f"{name}={value}" for name, value in words.items())


def _word(on: bool) -> str:
    return "true" if on else "false"


def _action(stage: VelocityStage | SenderStage | None) -> str:
    if stage is None:
        return "off"
    return "block" if stage.blocks else "mark"
