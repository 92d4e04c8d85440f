"""Router and composer that use the configured regions, policy and templates."""

from datetime import datetime, timedelta, timezone

from services.warning.cases.events import MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import ContactStep, TierAssessment
from services.warning.dispatch.outbox_relay import WarningText, is_correction
from services.warning.messages.catalog import MessageCatalog
from services.warning.messages.corrections import CorrectionTexts
from services.warning.messages.template import FORMS, MessageFacts
from services.warning.model import MeansKind, Region, Tier
from services.warning.policy import facts
from services.warning.policy.facts import RiskContext
from services.warning.policy.regions import RegionFinder
from services.warning.policy.tiers import TierPolicy


class PolicyRouter:
    """Router by the configured region tables and policy."""

    def __init__(
        self,
        *,
        regions: RegionFinder,
        policy: TierPolicy,
        context: RiskContext,
    ) -> None:
        self._regions = regions
        self._policy = policy
        self._context = context

    def use(self, policy: TierPolicy) -> None:
        """Judge by *policy* from now on."""
        self._policy = policy

    def region(self, victim: str) -> Region:
        """Return the region of *victim*, an E.164 number."""
        (found,) = self._regions.of([victim])
        return found

    def assess(self, case: Case) -> TierAssessment:
        """Return the tier of a case in its current state."""
        verdict = self._policy.judge(facts.facts_of(case, self._context))
        return TierAssessment(tier=verdict.tier, lines=verdict.lines, version=verdict.version)

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        """Return step *number* of the plan of *tier*, from 0; None after the last."""
        steps = self._policy.plans[tier]
        return steps[number] if number < len(steps) else None


class TemplateComposer:
    """Composes messages from templates, with the time of the event and the claimed sender."""

    def __init__(
        self,
        templates: MessageCatalog,
        *,
        language: str = "zh",
        utc_offset: timedelta = timedelta(hours=8),
        corrections: CorrectionTexts | None = None,
    ) -> None:
        """*utc_offset* is the time zone of the recipients."""
        self._templates = templates
        self._language = language
        self._corrections = corrections or CorrectionTexts.load(language)
        self._clock = timezone(utc_offset)
        self.left_out = 0
        """Messages composed without facts, because the linter refused them."""

    def write(self, case: Case, message: MessageRef) -> WarningText:
        """Compose a message; facts that the linter refuses are left out."""
        if is_correction(case, message):
            text = self._corrections.text(case.tier or Tier.LOW)
            return WarningText(text=text, template=self._corrections.name)
        form = message.channel if message.channel in FORMS else FORMS[0]
        written = self._templates.render_safely(
            case.fraud_type,
            case.tier or Tier.LOW,
            self._language,
            MessageFacts(
                when=self._when(case.occurred_at_ms, self._language), claimed=_claimed(case)
            ),
            form=form,
        )
        self.left_out += bool(written.without)
        return WarningText(text=written.text, template=f"{written.template}@{written.version}")

    def script(self, case: Case, language: str) -> WarningText:
        """Compose what an officer says and asks, in one of `LANGUAGES`."""
        written = self._templates.render_safely(
            case.fraud_type,
            case.tier or Tier.LOW,
            language,
            MessageFacts(when=self._when(case.occurred_at_ms, language), claimed=_claimed(case)),
            form="in_person",
        )
        return WarningText(text=written.text, template=f"{written.template}@{written.version}")

    def _when(self, at_ms: int, language: str) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, self._clock)
        if language == "zh":
            return f"{at.month}月{at.day}日{at.hour}时"
        return f"{at.day} {at:%B}"


def _claimed(case: Case) -> str:
    names = (one.value for one in case.means if one.kind is MeansKind.SENDER)
    return next((name for name in names if not name.lstrip("+").isdigit()), "")
