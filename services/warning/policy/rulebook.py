"""Loads all configuration of warnings from settings; invalid files abort the start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fanzha.errors import InvalidConfiguration
from services.settings.settings import Settings
from services.warning.cases.model import Case
from services.warning.dispatch import limits
from services.warning.dispatch.limits import LimitRules
from services.warning.messages.catalog import MessageCatalog
from services.warning.messages.corrections import CorrectionTexts
from services.warning.model import Region, Tier
from services.warning.policy import facts as case_facts
from services.warning.policy.facts import CaseFacts, RiskContext
from services.warning.policy.regions import RegionFinder
from services.warning.policy.tiers import TierPolicy, TierVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Region tables, policy, templates and limits in force."""

    regions: RegionFinder
    policy: TierPolicy
    context: RiskContext
    templates: MessageCatalog
    corrections: CorrectionTexts
    rules: LimitRules
    language: str

    def regions_of(self, victims: Sequence[str]) -> list[Region]:
        """Return the regions of E.164 numbers."""
        return self.regions.of(victims)

    def facts(self, case: Case) -> CaseFacts:
        """Return the facts of a case."""
        return case_facts.facts_of(case, self.context)

    def judge(self, case: Case) -> TierVerdict:
        """Return the tier of a case in its current state."""
        return self.policy.judge(self.facts(case))


def load(settings: Settings) -> Rulebook:
    """Load everything but the table of prefixes. Raises `ValueError` with the setting."""
    return Rulebook(
        regions=RegionFinder.load(
            home_country=settings.home_country,
            table=settings.warning_regions_file,
            county_rules=settings.warning_counties_file,
        ),
        policy=TierPolicy.load(settings.warning_policy_file),
        context=case_facts.load(settings.warning_groups_file, settings.home_country),
        templates=MessageCatalog.load(settings.warning_templates_dir),
        corrections=CorrectionTexts.load(settings.warning_language, settings.warning_templates_dir),
        rules=rules(settings),
        language=settings.warning_language,
    )


def rules(settings: Settings) -> LimitRules:
    """Return the limits in force. Raises `ValueError` with the setting."""
    try:
        return LimitRules(
            quiet_from=limits.read_clock(settings.warning_quiet_from),
            quiet_until=limits.read_clock(settings.warning_quiet_until),
            utc_offset=timedelta(hours=settings.warning_utc_offset_hours),
            breaks_quiet=_from(settings.warning_quiet_override_tier),
            per_day=settings.warning_person_daily_limit,
            per_day_high=settings.warning_person_daily_limit_high,
            per_campaign=settings.warning_person_campaign_limit,
            calls_per_day=settings.warning_voice_calls_per_day,
            education_days=settings.education_days_between,
            may_opt_out=limits.read_notices(settings.warning_opt_out),
            test_mode=settings.warning_test_mode,
        )
    except ValueError as error:
        raise InvalidConfiguration("warning_{error}", error=error) from error


def _from(tier: str) -> frozenset[Tier]:
    least = Tier.__members__.get(tier.upper())
    return frozenset(one for one in Tier if least is not None and one >= least)
