"""The sections that pages of all channels share, each from a table of the card's metrics.

docs/how-to/models.md names their fields. A card of a bundle made before such a table existed has
none: its section is empty, and the page leaves it out with its heading.
"""

from collections.abc import Mapping
from typing import Any

from classifiers.training import bundle_cost, carrier_rates, doubted_labels
from classifiers.training.error_kinds import counts

CARRIER_RATES = "carrier_rates"
COST = "cost"
ERROR_KINDS = "error_kinds"
LABEL_NOISE = "label_noise"


def rendered(metrics: Mapping[str, Any], rules: str) -> dict[str, str]:
    """Return the sections by the placeholders of the templates, which are the keys of the tables.

    *rules* names the module that sorts errors into kinds.
    """
    return {
        CARRIER_RATES: carrier_rates.section(metrics.get(CARRIER_RATES, ())),
        COST: bundle_cost.section(metrics.get(COST, {})),
        ERROR_KINDS: counts.section(metrics.get(ERROR_KINDS, ()), rules),
        LABEL_NOISE: doubted_labels.section(metrics.get(LABEL_NOISE, ())),
    }
