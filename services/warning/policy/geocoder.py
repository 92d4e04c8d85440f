"""Loads the number prefixes of one country from the data of `phonenumbers`.

Its own geocoder imports the prefixes of the world, a hundred megabytes. Here only the modules with
prefixes of the home country are loaded, one at a time.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import phonenumbers

_FOLDER = Path(phonenumbers.__file__).parent / "geodata"


def prefixes(country_code: str, language: str = "zh") -> dict[str, str]:
    """Return place names by prefix with country code; English where *language* has none."""
    found: dict[str, str] = {}
    for file in modules(country_code):
        for digits, names in _module_data(file).items():
            if digits.startswith(country_code):
                found[digits] = names.get(language) or names.get("en", "")
    return found


def modules(country_code: str) -> list[Path]:
    """Return the files with prefixes of a country; raises `ValueError` where there are none."""
    first = f"\n '{country_code}".encode()
    found = [file for file in sorted(_FOLDER.glob("data*.py")) if first in file.read_bytes()]
    if not found:
        raise ValueError(f"phonenumbers: no places of numbers of country {country_code}")
    return found


def _module_data(file: Path) -> dict[str, dict[str, str]]:
    # Importing by name would load the prefixes of the world.
    spec = spec_from_file_location(f"phonenumbers.geodata.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"phonenumbers: {file.name} cannot be read")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    data: dict[str, dict[str, str]] = module.data
    return data
