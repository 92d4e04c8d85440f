"""When reports of people are reason enough to ask a reviewer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRules:
    """Bounds for reports of one source."""

    schema: str = "app"
    """Name of a schema that comes along."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Further names of columns, by what they hold."""
    reporters: int = 3
    """Independent people that must report a subject."""
    within_days: int = 7
    most_a_day: int = 20
    """Reports of one person that count in 24 hours."""
    shared: int = 5
    """People who report so many of the same other subjects count as one."""
    most_proposals: int = 20
    """Change requests in 24 hours."""
    entry_days: int = 30
    """Until a proposed entry expires."""

    @property
    def window_ms(self) -> int:
        """The time in which reports count."""
        return self.within_days * DAY_MS
