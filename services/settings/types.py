"""Types of settings that several groups have."""

from typing import Annotated

from pydantic import Field

from blocklists.entries import Source
from fanzha.fraud import FraudType

Port = Annotated[int, Field(ge=0, le=65535)]
Threshold = Annotated[float, Field(gt=0, le=1)]

_SOURCE = "|".join(one.name.lower() for one in Source)
_TYPE = "|".join(one.name.lower() for one in FraudType if one)
_PAIR = f"({_SOURCE})=({_TYPE})"
FRAUD_TYPES_OF_SOURCES = f"^({_PAIR}(,{_PAIR})*)?$"
"""Pattern of texts for `fraud_types_of_sources`."""


def fraud_types_of_sources(text: str) -> dict[int, int]:
    """Read ``carrier=fake_loan,bureau=fake_credit``: kinds of fraud by source; the last counts."""
    pairs = (pair.split("=") for pair in text.split(",") if pair)
    return {
        int(Source[source.upper()]): int(FraudType[fraud_type.upper()])
        for source, fraud_type in pairs
    }
