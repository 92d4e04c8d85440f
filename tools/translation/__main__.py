"""Brings the Chinese catalogue up to date and compiles it: ``python -m tools.translation``."""

import sys

from tools.translation import catalogues, extraction


def main() -> int:
    """Write the catalogue; return 1 where texts lack a translation, and print them."""
    new = catalogues.updated(catalogues.read(), extraction.texts())
    catalogues.write(new)
    missing = catalogues.untranslated(new)
    for text in missing:
        sys.stdout.write(f"no translation: {text!r}\n")
    sys.stdout.write(f"{len(new)} texts in {catalogues.SOURCE.name}, {len(missing)} without\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
