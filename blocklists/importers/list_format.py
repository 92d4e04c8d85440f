"""The names of list formats, apart from their readers: help and completion need only names."""

from enum import StrEnum


class Format(StrEnum):
    """A format that can be read."""

    CSV = "csv"
    NUMBERS = "numbers"
    DOMAINS = "domains"
    HOSTS = "hosts"
    ADBLOCK = "adblock"
    DNSMASQ = "dnsmasq"
    UNBOUND = "unbound"
    RPZ = "rpz"
    BIND = "bind"
    JSON = "json"
    YAML = "yaml"
    XLSX = "xlsx"
    STIX = "stix"
