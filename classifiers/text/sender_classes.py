"""Classes of senders, a feature of the text model: `kernels/texts.c` tells them."""

from enum import IntEnum

import numpy as np

from fanzha import kernels
from fanzha.tables import Int64s


class SenderClass(IntEnum):
    """Kinds of senders; the numbers are rows of the model's sender table."""

    UNKNOWN = 0
    CHINESE_MOBILE = 1
    CHINESE_OTHER = 2
    FOREIGN = 3
    ACCESS_CODE = 4  # 106…
    NATIONAL_SERVICE = 5  # 95…
    CARRIER = 6  # 10…
    PUBLIC_SERVICE = 7  # 11…, 12…
    OTHER_CODE = 8
    NAME = 9


_sender_classes = kernels.declare(
    "sender_classes", kernels.POINTER, kernels.INTEGER, kernels.POINTER
)


def sender_classes(keys: Int64s) -> Int64s:
    """Return the `SenderClass` of each number key."""
    found = np.empty(len(keys), np.int64)
    keys = np.ascontiguousarray(keys)
    _sender_classes(kernels.address(keys), len(keys), kernels.address(found))
    return found
