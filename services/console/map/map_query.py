"""What the address of the map says: region, layer, kind of fraud, days, and the step shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from fanzha.v1 import decision_pb2
from fanzha.v1 import warning_report_pb2 as pb
from services.console.map.layers import LAYERS
from services.console.web.formats import CHINA

MOST_DAYS = 92
"""Longer periods are cut by month."""
PRESETS = (7, 30, 90, 365, 730)
DEFAULT_DAYS = 30
_LONGEST_REGION = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuery:
    """The address, read; what is wrong in it is left out."""

    region: str
    layer: str
    kind: int
    """Kind of fraud; 0: all."""
    first: datetime
    """The first day in China, at midnight."""
    last: datetime
    """The last day, likewise."""
    frame: str
    """The step of time shown, such as 2026-11-30; empty: the whole period."""
    everywhere: bool
    """Whether regions are counties of all cities, where no region is chosen."""

    @property
    def by_day(self) -> bool:
        """Whether steps are days; else they are months."""
        return (self.last - self.first).days < MOST_DAYS

    def request(self, region: str, level: int) -> pb.GetFraudMapRequest:
        """Return the question to the service."""
        return pb.GetFraudMapRequest(
            region=region,
            level=level,  # type: ignore[arg-type]
            since_ms=max(int(self.first.timestamp() * 1000), 0),
            until_ms=int((self.last + timedelta(days=1)).timestamp() * 1000),
            fraud_types=[self.kind] if self.kind else [],  # type: ignore[list-item]
            step=pb.MAP_STEP_DAY if self.by_day else pb.MAP_STEP_MONTH,
        )

    def address(self) -> dict[str, Any]:
        """Return the query of the address; defaults are left out."""
        return {
            "region": self.region,
            "layer": self.layer if self.layer != "exposure" else "",
            "kind": self.kind or "",
            "from": f"{self.first:%Y-%m-%d}",
            "to": f"{self.last:%Y-%m-%d}",
            "frame": self.frame,
        }


def read(query: QueryParams, now_ms: int) -> MapQuery:
    """Read the query of an address."""
    today = _midnight(datetime.fromtimestamp(now_ms / 1000, CHINA))
    days = query.get("days", "")
    last = min(_day(query.get("to", "")) or today, today)
    span = int(days) if days.isdecimal() and len(days) < 5 else DEFAULT_DAYS  # noqa: PLR2004
    first = _day(query.get("from", "")) or last - timedelta(days=max(span, 1) - 1)
    kind = query.get("kind", "")
    known = decision_pb2.FraudType.DESCRIPTOR.values_by_number
    layer = query.get("layer", "")
    return MapQuery(
        region=query.get("region", "")[:_LONGEST_REGION],
        layer=layer if layer in LAYERS else "exposure",
        kind=int(kind) if kind.isdecimal() and len(kind) < 4 and int(kind) in known else 0,  # noqa: PLR2004
        first=min(first, last),
        last=last,
        frame=query.get("frame", "")[:10],
        everywhere=query.get("level") == "county",
    )


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=CHINA)
    except ValueError:
        return None


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
