"""What ``fanzha up`` prints once all runs: the addresses, who may do what, and what to try."""

from collections.abc import Iterator, Mapping
from unicodedata import east_asian_width

from fanzha.translation.catalogue import gettext, gettext_noop
from services.auth import exposure
from services.settings.settings import Settings

_FIRST_COMMANDS = "fanzha doctor; fanzha check call --from +8617000000123 --to +8619900000001"
_LABELS = {
    "interception": gettext_noop("interception"),
    "metrics": gettext_noop("metrics"),
    "admin": gettext_noop("admin"),
    "admin_metrics": gettext_noop("admin metrics"),
    "warning": gettext_noop("warning port"),
    "warning_http": gettext_noop("warning HTTP"),
    "warning_metrics": gettext_noop("warning metrics"),
    "valkey": gettext_noop("Valkey"),
    "console": gettext_noop("console"),
}
_WIDTH = 17


def text(endpoints: Mapping[str, str], settings: Settings) -> str:
    """Return the screen, in the language of the process."""
    return "".join(f"{line}\n" for line in _lines(endpoints, settings))


def _lines(endpoints: Mapping[str, str], settings: Settings) -> Iterator[str]:
    for name, address in endpoints.items():
        yield _line(gettext(_LABELS[name]), address)
    if not settings.auth_enabled:
        yield _line(gettext("identity"), gettext(exposure.NO_AUTHENTICATION))
    if "admin" in endpoints:
        yield _line(gettext("changes"), _second_person(settings))
    yield _line(gettext("try"), _FIRST_COMMANDS)
    yield gettext("Ctrl-C ends in order.")


def _line(label: str, text_: str) -> str:
    # A Chinese character is as wide as two others.
    width = sum(2 if east_asian_width(one) in "WF" else 1 for one in label)
    return f"{label}{' ' * (_WIDTH - width)}{text_}"


def _second_person(settings: Settings) -> str:
    from services.changes import second_person  # noqa: PLC0415 - long after the workers began

    return second_person.describe(settings.second_person, development=not settings.auth_enabled)
