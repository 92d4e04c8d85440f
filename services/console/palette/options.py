"""What the palette offers: places to go, and searches that are sent as a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteOption:
    """One line of the palette."""

    text: str
    what: str
    """What kind of thing it is."""
    address: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Sent by POST, because they must not be in an address; empty: the address is a link."""
