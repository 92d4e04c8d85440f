"""Estimated effect of a list change on recent traffic."""

from collections.abc import Sequence
from dataclasses import dataclass

from fanzha.decisions import Action
from fanzha.tables import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactTop:
    """One entry of the change, of those that would have changed the most events."""

    pattern: str
    action: Action
    """The action the events would have received."""
    channel: Channel
    events: int
    """An estimate, as in `Impact`."""
    parties: int
    """Distinct counterparts among the logged events."""
    known_contacts: int
    """Of these, the known contacts of the listed number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Estimated effect of a change on the traffic of the last hours.

    Events are estimates: the log holds a sample of the allowed ones, and each logged event counts
    as many times as its weight. Parties are counted among the logged events only, so they are
    a lower bound wherever the log is sampled.
    """

    known: bool
    """Whether the log covers all requested hours, and every entry can be previewed."""
    hours: float
    """Requested hours that the log covers."""
    since_ms: int
    """Start of the requested hours."""
    rows_examined: int
    """Logged decisions of these hours."""
    calls: int
    """Calls, then texts and links, whose action would have differed."""
    texts: int
    links: int
    parties: int
    """Distinct counterparts: who was called, written to or asked for the link, where the entry
    is of the other side; who called or wrote, where it is of theirs."""
    known_contacts: int
    """Of these, those who had a long answered call with the listed number, or called it."""
    top: Sequence[ImpactTop]
    """The ten entries and channels with the most events, most first."""
    would_block: int = 0
    """Of the events, those let through that would have been blocked; the others were blocked
    and would have been let through."""
    numbers: int = 0
    """Distinct numbers and senders on the side of the entries."""
    contacts_known: bool = True
    """Whether any ends of calls are logged; without them no contact is known."""
    unpreviewable: int = 0
    """Entries that cannot be previewed: fingerprints, where the log has no texts."""
    uncertain_rows: int = 0
    """Logged texts with a link to the host of a URL prefix, whose path is not logged."""
    rows_dropped: int = 0
    """Rows of these hours that never reached the log, because a buffer was full."""
    segments_torn: int = 0
    """Segments of these hours that could not be read, and were set aside."""
