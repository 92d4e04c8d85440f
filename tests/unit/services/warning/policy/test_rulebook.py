from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.settings.settings import Settings
from services.warning.dispatch.limits import NoticeKind
from services.warning.model import Tier
from services.warning.policy import rulebook


def settings(**given: Any) -> Settings:
    return Settings(redis_url="redis://127.0.0.1:1", **given)


def test_the_rules_are_those_of_the_settings() -> None:
    rules = rulebook.rules(
        settings(
            warning_quiet_from="21:30",
            warning_quiet_until="07:00",
            warning_quiet_override_tier="medium",
            warning_utc_offset_hours=5.5,
            warning_opt_out="advice, warning",
            warning_test_mode=True,
        )
    )

    assert (rules.quiet_from, rules.quiet_until) == (time(21, 30), time(7))
    assert rules.breaks_quiet == {Tier.MEDIUM, Tier.HIGH}
    assert rules.utc_offset == timedelta(hours=5, minutes=30)
    assert rules.may_opt_out == {NoticeKind.ADVICE, NoticeKind.WARNING}
    assert rules.test_mode


def test_quiet_hours_may_bind_every_tier() -> None:
    assert rulebook.rules(settings(warning_quiet_override_tier="none")).breaks_quiet == frozenset()


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"warning_quiet_from": "22"}, "warning_quiet_from"),
        ({"warning_quiet_until": "24:00"}, "warning_quiet_until"),
        ({"warning_smpp_source": "反诈中心"}, "warning_smpp_source"),
        ({"warning_smpp_source": "AntiFraudCentre"}, "warning_smpp_source"),
        ({"warning_smpp_password_file": Path("nowhere")}, "warning_smpp_password_file"),
        ({"warning_opt_out": "emergency"}, "warning_opt_out: nobody can opt out of emergency"),
        ({"warning_opt_out": "spam"}, "none of advice, warning, emergency: 'spam'"),
    ],
)
def test_invalid_rules_stop_the_start(given: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        rulebook.rules(settings(**given))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ValidationError, match="warning_policy_file"):
        settings(warning_policy_file=Path("nowhere.toml"))


def test_everything_of_the_package_loads() -> None:
    book = rulebook.load(settings())

    assert book.policy.version == "1"
    assert book.language == "zh"
    assert [one.how for one in book.regions_of(["+8655500000001"])] == ["prefix"]
