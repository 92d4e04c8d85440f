"""A province as it is assumed to be: `province.toml`, or a file with the same keys."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]

OF_A_PROVINCE = Path(__file__).with_name("province.toml")
CHANNELS = ("call", "text", "link")


class WrongAssumption(Exception):
    """A file that lacks a key, has one too many, or a value that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendings:
    """Texts that businesses send at once."""

    share_of_texts: float
    a_day: int
    sigma: float
    """Of the logarithm of their sizes."""
    longest_minutes: float
    per_second: float
    """Texts a second of one, or more where it would take longer than `longest_minutes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Waves of fraudulent calls."""

    a_day: int
    calls: int
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """The busiest minutes of a year, as a multiple of the busiest hour."""

    factor: float
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """What a host has, and how far it may be used."""

    cores: int
    memory_gib: float
    sites: int
    used: float
    used_without_a_site: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What is kept, and for how long."""

    decision_days: float
    decision_log_days: float
    decision_log_ends_days: float
    decision_log_allowed_one_in: int
    replicas_of_the_store: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a year of each costs."""

    currency: str
    host: float
    store_gib: float
    disk_gib: float
    mbit_a_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """All assumptions."""

    subscribers: int
    rows_a_request: int
    hours: dict[str, Float64s]
    """Weights of the 24 hours of a day, by channel."""
    sendings: Sendings
    waves: Waves
    surge: Surge
    blocked: dict[str, float]
    listed_numbers: int
    listed_hosts: int
    hosts: HostPlan
    kept: Retention
    wire_overhead: int
    wire_answer: int
    prices: Prices

    @classmethod
    def read(cls, file: Path = OF_A_PROVINCE) -> Self:
        """Read a file; raise `WrongAssumption`."""
        try:
            return cls._of(tomllib.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WrongAssumption(f"{file.name}: {error}") from error

    @classmethod
    def _of(cls, told: dict[str, Any]) -> Self:
        hours = {name: np.array(told["hours"][name], np.float64) for name in CHANNELS}
        if any(len(one) != 24 or (one < 0).any() or not one.sum() for one in hours.values()):
            raise ValueError("hours: 24 weights for each channel, none of them negative")
        return cls(
            subscribers=told["subscribers"],
            rows_a_request=told["rows_a_request"],
            hours={name: one / one.sum() for name, one in hours.items()},
            sendings=_part(Sendings, told["sendings"]),
            waves=_part(Waves, told["waves"]),
            surge=_part(Surge, told["surge"]),
            blocked={name: told["blocked"][name] for name in CHANNELS},
            listed_numbers=told["lists"]["numbers"],
            listed_hosts=told["lists"]["hosts"],
            hosts=_part(HostPlan, told["hosts"]),
            kept=_part(Retention, told["kept"]),
            wire_overhead=told["wire"]["overhead_a_request"],
            wire_answer=told["wire"]["answer"],
            prices=_part(Prices, told["prices"]),
        )


def _part(kind: type[Any], told: dict[str, Any]) -> Any:
    names = {field.name for field in fields(kind)}
    if names != set(told):
        raise ValueError(f"{kind.__name__}: {', '.join(sorted(names ^ set(told)))}")
    for name, value in told.items():
        if not isinstance(value, str) and not value >= 0:
            raise ValueError(f"{name}: {value} is negative")
    return kind(**told)
