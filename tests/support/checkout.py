"""Where the checkout is, however deep a test lies."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
