"""How many logged decisions a change would have altered: the estimate, and what computes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from blocklists.entry_table import EntryTable, Identities
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from services.decision_log.impact.model import Impact


@dataclass(frozen=True, slots=True, kw_only=True)
class TopImpact:
    """What one pattern would have done."""

    pattern: str
    action: int
    channel: str
    events: float
    parties: float
    known_contacts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactEstimate:
    """How many logged decisions a change would have altered, as stored with its preview.

    Counts are estimates: decisions that let traffic through are sampled in the log.
    """

    known: bool
    hours: float = 0.0
    since_ms: int = 0
    rows_examined: int = 0
    calls: float = 0.0
    texts: float = 0.0
    links: float = 0.0
    parties: float = 0.0
    known_contacts: float = 0.0
    top: tuple[TopImpact, ...] = ()
    unknown_because: str = ""
    uncertain: tuple[str, ...] = ()
    """What the log could not say, in words."""

    @property
    def events(self) -> float:
        """Return how many events would have been decided otherwise."""
        return self.calls + self.texts + self.links


class ImpactSource(Protocol):
    """Replays the decision log against a change. Blocks: call it in a thread."""

    def of(
        self,
        table: EntryTable,
        removals: Identities,
        *,
        hours: int,
        now_ms: int,
        shadows_enforce: bool = False,
    ) -> Impact | None:
        """Return what the change would have done in the last *hours*; None without a decision log.

        With *shadows_enforce*, its shadow entries count as if they enforced.
        """
        ...


class NoImpact:
    """Used where there is no decision log: the impact is unknown."""

    def of(
        self,
        table: EntryTable,  # noqa: ARG002 - the signature of `ImpactSource`
        removals: Identities,  # noqa: ARG002
        *,
        hours: int,  # noqa: ARG002
        now_ms: int,  # noqa: ARG002
        shadows_enforce: bool = False,  # noqa: ARG002
    ) -> None:
        """Return None: the impact is unknown."""
        return


def read(stored: Mapping[str, Any]) -> ImpactEstimate:
    """Read an estimate from the JSON stored with a request."""
    top = tuple(TopImpact(**one) for one in stored["top"])
    return ImpactEstimate(**{**stored, "top": top, "uncertain": tuple(stored["uncertain"])})


def estimate(found: Impact | None, hours: int) -> ImpactEstimate:
    """Return the estimate of an impact; of None, which means no decision log, an unknown one."""
    if found is None:
        return ImpactEstimate(
            known=False, hours=hours, unknown_because=Message("there is no decision log")
        )
    return ImpactEstimate(
        known=found.known,
        hours=found.hours,
        since_ms=found.since_ms,
        rows_examined=found.rows_examined,
        calls=found.calls,
        texts=found.texts,
        links=found.links,
        parties=found.parties,
        known_contacts=found.known_contacts,
        top=tuple(
            TopImpact(
                pattern=one.pattern,
                action=int(one.action),
                channel=one.channel.name.lower(),
                events=one.events,
                parties=one.parties,
                known_contacts=one.known_contacts,
            )
            for one in found.top
        ),
        unknown_because="" if found.known else _unknown(found, hours),
        uncertain=_uncertain(found),
    )


def _unknown(found: Impact, hours: int) -> str:
    if found.unpreviewable:
        return Message(
            "the decision log can say nothing of {count:,} fingerprints", count=found.unpreviewable
        )
    return Message(
        "the decision log covers {hours:.1f} of the last {total} hours",
        hours=found.hours,
        total=hours,
    )


def _uncertain(found: Impact) -> tuple[str, ...]:
    lines = (
        (
            found.rows_dropped,
            gettext_noop("{count:,} decisions never reached the decision log"),
        ),
        (
            found.segments_torn,
            gettext_noop("{count:,} segments of the decision log could not be read"),
        ),
        (
            found.uncertain_rows,
            gettext_noop("{count:,} logged texts have a link whose path is not logged"),
        ),
    )
    found_lines = [Message(what, count=count) for count, what in lines if count]
    if not found.contacts_known:
        found_lines.append(Message("known contacts: no ends of calls are logged"))
    return tuple(found_lines)


def no_impact() -> ImpactEstimate:
    """Return the impact of a change that alters no decision: known, and zero."""
    return ImpactEstimate(known=True)
