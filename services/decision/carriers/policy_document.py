"""The document of carrier policies: TOML, as an operator writes it and the store has it.

    [carrier.cmcc.call]
    threshold = 0.97
    mode = "monitor"
    on_failure = "block"

    [[carrier.cmcc.trunk]]
    name = "GW-BANK-1"
    shows = ["95588"]

``default`` is the policy of requests whose carrier has none of its own. What is left out stays as
the settings have it. The tables of trunk groups are those of `trunks_file`.
"""

from collections.abc import Mapping
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from fanzha.tables import Channel
from fanzha.translation.message import alternatives
from services.auth import claims
from services.decision.carriers.policy import CarrierPolicies, CarrierPolicy, ChannelPolicy
from services.decision.origin.trunk_groups import read_groups

MAX_BYTES = 65_536
"""The longest document."""
MAX_TRUNKS, MAX_CODES = 500, 2_000
"""Most trunk groups of a document, and most codes in all of them; each costs milliseconds to read,
for a code has thousands of written forms."""
_CHANNELS = {channel.name.lower(): channel for channel in Channel}
_TRUNK = "trunk"
CHOICES = {
    "mode": {"enforce": False, "monitor": True},
    "on_failure": {"allow": False, "block": True},
}
"""The words that a setting of a channel may have, the default first."""
SETTINGS = ("threshold", *CHOICES)
"""What a carrier may set for a channel."""

NO_POLICIES = CarrierPolicies({})


def read_policies(document: str, version: int = 0) -> CarrierPolicies:
    """Read a document, of which an empty one has no policies; `ValueError` names the fault.

    *version* is that of the document in the store; 0 for one of a file.
    """
    if len(document.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidConfiguration("policy: longer than {max_bytes} bytes", max_bytes=MAX_BYTES)
    try:
        content = toml_files.parse(document)
    except ValueError as error:
        raise InvalidConfiguration("policy: no TOML: {error}", error=error) from None
    if unknown := content.keys() - {"carrier"}:
        raise InvalidConfiguration(
            "policy: {unknown}: unknown; known is [carrier.NAME.CHANNEL]", unknown=min(unknown)
        )
    carriers = _table(content.get("carrier", {}), "carrier")
    _check_size(carriers)
    policies = {
        _carrier(name): _policy(table, f"carrier.{name}") for name, table in carriers.items()
    }
    return CarrierPolicies(policies, version)


def _check_size(carriers: Mapping[str, Any]) -> None:
    """Raise `ValueError` where a document takes too long to read; its form is not checked yet."""
    tables = [table.get(_TRUNK) for table in carriers.values() if isinstance(table, dict)]
    trunks = [one for table in tables if isinstance(table, list) for one in table]
    shows = [one.get("shows") for one in trunks if isinstance(one, dict)]
    codes = sum(len(one) for one in shows if isinstance(one, list))
    for count, most, what in (
        (len(trunks), MAX_TRUNKS, "trunk groups"),
        (codes, MAX_CODES, "codes"),
    ):
        if count > most:
            raise InvalidConfiguration(
                "policy: {count} {what}, {most} are the most", count=count, what=what, most=most
            )


def _carrier(name: str) -> str:
    return "" if name == claims.NO_CARRIER else claims.carrier(name)


def _policy(value: Any, where: str) -> CarrierPolicy:
    table = _table(value, where)
    if unknown := table.keys() - _CHANNELS.keys() - {_TRUNK}:
        known = ", ".join((*_CHANNELS, _TRUNK))
        raise InvalidConfiguration(
            "{where}: {unknown}: unknown; known are {known}",
            where=where,
            unknown=min(unknown),
            known=known,
        )
    channels = {
        channel: _channel(table[word], f"{where}.{word}")
        for word, channel in _CHANNELS.items()
        if word in table
    }
    try:
        trunks = read_groups(table.get(_TRUNK, []))
    except ValueError as error:
        raise InvalidConfiguration("{where}: {error}", where=where, error=error) from error
    return CarrierPolicy(channels=channels, trunks=trunks)


def _channel(value: Any, where: str) -> ChannelPolicy:
    table = _table(value, where)
    if unknown := table.keys() - set(SETTINGS):
        known = ", ".join(sorted(SETTINGS))
        raise InvalidConfiguration(
            "{where}: {unknown}: unknown; known are {known}",
            where=where,
            unknown=min(unknown),
            known=known,
        )
    return ChannelPolicy(
        threshold=_threshold(table.get("threshold"), where),
        monitor=_choice(table, "mode", where),
        block_on_failure=_choice(table, "on_failure", where),
    )


def _threshold(value: Any, where: str) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Not 0: every row would be blocked, whatever its score.
    if not is_number or not 0 < value <= 1:
        raise InvalidConfiguration("{where}: threshold: a number above 0, up to 1", where=where)
    return float(value)


def _choice(table: Mapping[str, Any], name: str, where: str) -> bool:
    choices = CHOICES[name]
    value = table.get(name, next(iter(choices)))
    if not isinstance(value, str) or value not in choices:
        raise InvalidConfiguration(
            "{where}: {name}: {choices}",
            where=where,
            name=name,
            choices=alternatives(list(choices)),
        )
    return choices[value]


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidConfiguration("{where}: must be a table", where=where)
    return value
