"""The files of the bureau of the demo: list, regions, groups, policy and settings."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from examples.warning_demo.campaigns import (
    BANK,
    BANK_HOST,
    CITIES,
    COURIER,
    FROM_ABROAD,
    LOAN_SENDER,
    ONE_RING,
    person,
)

_LAW = "反电信网络诈骗法第32条"
_COLUMNS = (
    *("type", "pattern", "action", "direction"),
    *("fraud_type", "campaign", "reason", "legal_basis"),
)
_LIST = (
    ("host", BANK_HOST, "block", "", "fake_customer_service", BANK, "假冒银行验证页", _LAW),
    (
        "range",
        f"{FROM_ABROAD[0]}*",
        "block",
        "both",
        "impersonate_authority",
        BANK,
        "境外冒充公安",
        _LAW,
    ),
    (
        "range",
        f"{FROM_ABROAD[1]}*",
        "block",
        "both",
        "impersonate_authority",
        BANK,
        "境外冒充公安",
        _LAW,
    ),
    ("range", f"{ONE_RING}*", "block", "both", "fake_shopping", "", "响一声号段", _LAW),
    ("sender", LOAN_SENDER, "block", "from", "fake_loan", "", "虚假贷款短信", _LAW),
    ("number", COURIER, "block", "both", "fake_customer_service", "", "疑似冒充快递客服", _LAW),
    ("number", "110", "block", "both", "", "", "不能封：紧急号码，应被拒绝", _LAW),
)
REFUSED = 1
"""110, which nothing may block."""

_STEPS: Mapping[str, Sequence[tuple[str, float]]] = {
    "low": [("sms", 60)],
    "medium": [("sms", 60), ("voice", 0.05), ("in_person", 60)],
    "high": [("sms", 0.05), ("voice", 0.05), ("in_person", 60)],
}
"""Seconds instead of minutes and hours, so that the demo sees what is escalated."""

VULNERABLE = [person("马鞍山", number) for number in range(4)] + [person("合肥", 2)]


def write(folder: Path) -> dict[str, str]:
    """Write all files to *folder*; return settings that name them."""
    _table(folder / "list.csv", _COLUMNS, _LIST)
    _table(
        folder / "regions.csv",
        ("number", "province", "city", "county"),
        [
            (f"+8617000010{digit}*", "浙江" if city == "杭州" else "安徽", city, "")
            for city, digit in CITIES.items()
        ],
    )
    _table(
        folder / "groups.csv",
        ("kind", "value", "group"),
        [
            *(("number", number, "vulnerable") for number in VULNERABLE),
            ("region", "马鞍山市", "key_region"),
        ],
    )
    (folder / "policy.toml").write_text(_policy(), encoding="utf-8")
    return {
        "FANZHA_WARNING_REGIONS_FILE": str(folder / "regions.csv"),
        "FANZHA_WARNING_GROUPS_FILE": str(folder / "groups.csv"),
        "FANZHA_WARNING_POLICY_FILE": str(folder / "policy.toml"),
        # No quiet hours, at whatever time the demo runs.
        "FANZHA_WARNING_QUIET_FROM": "00:00",
        "FANZHA_WARNING_QUIET_UNTIL": "00:00",
        "FANZHA_WARNING_PERSON_DAILY_LIMIT": "10",
        # A backfill can find decisions one second later.
        "FANZHA_DECISION_LOG_FLUSH_SECONDS": "1",
        # The default is five false alarms; the demo has three.
        "FANZHA_WARNING_RELIABILITY_CASES": "3",
    }


def _policy() -> str:
    """Return the policy of the package with other steps."""
    shipped = (files("services.warning") / "data" / "policy-1.toml").read_text(encoding="utf-8")
    lines = re.sub(r'^version = "1"', 'version = "demo"', shipped, flags=re.MULTILINE)
    steps = [
        f'[[step]]\ntier = "{tier}"\nchannel = "{channel}"\nwithin_minutes = {minutes}\n'
        for tier, plan in _STEPS.items()
        for channel, minutes in plan
    ]
    return lines.split("[[step]]")[0] + "\n".join(steps)


def _table(file: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])
