"""National language tables of GSM 7-bit (3GPP TS 23.038, annex A)."""

SINGLE: dict[int, dict[int, str]] = {}
LOCKING: dict[int, str] = {}
