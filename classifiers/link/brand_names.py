"""Brands that fraud likes to borrow, each with the domains it owns: reads `brand_names.toml`.

Not complete, and no verdict: a page that names a brand may be a shop, a fan or a newspaper.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fanzha.toml_files import read_table, read_words


@cache
def own_domains() -> Mapping[str, tuple[str, ...]]:
    """Return the domains of each brand."""
    return read(files(__package__) / "brand_names.toml")


def read(file: Traversable) -> dict[str, tuple[str, ...]]:
    """Read a file of brands; `ValueError` for one without domains or in two of its tables."""
    found: dict[str, tuple[str, ...]] = {}
    for table, brands in read_table(file).items():
        if not isinstance(brands, dict):
            raise ValueError(f"{file.name}: {table}: not a table of brands")  # noqa: TRY004 - of a file
        for brand, domains in brands.items():
            where = f"{file.name}: [{table}] {brand}"
            if brand in found:
                raise ValueError(f"{where}: stands there twice")
            found[brand] = read_words(domains, where)
    return found
