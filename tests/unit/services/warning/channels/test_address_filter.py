"""Which addresses a webhook may lead to: a table of the special ones, and of their neighbours."""

import pytest

from fanzha.errors import InvalidInput
from services.warning.channels import address_filter

_INSIDE = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.255 192.0.2.1
192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::6440:1 64:ff9b:1::7f00:1
64:ff9b:1::808:808 64:ff9b:1:ffff::1 100::1 2001::1 2001:0:7f00:1::80ff:fffe
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
2002:a00:1:: 2002:c0a8:1::1 2002:a9fe:a9fe:: 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd12::1
fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
"""
_OUTSIDE = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.1 192.167.255.255
192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255
::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 2001:200::1 2001:4860:4860::8888
2606:4700::1111 2a00::1 3ffe::1
"""
INSIDE, OUTSIDE = _INSIDE.split(), _OUTSIDE.split()


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(set(INSIDE)) + len(set(OUTSIDE)) >= 60


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not address_filter.is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_its_neighbours_outside_are_public(address: str) -> None:
    assert address_filter.is_public(address)


@pytest.mark.parametrize(
    "host", ["[::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[::ffff:a00:1]", "127.1"]
)
async def test_a_url_that_spells_an_address_inside_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="private address"):
        await address_filter.resolve(address_filter.parse(f"https://{host}/"))


async def test_a_listed_network_is_allowed_and_no_other() -> None:
    networks = address_filter.parse_networks("10.20.0.0/16, fd12::/16")

    async def at(address: str) -> str:
        url = address_filter.parse("https://hooks.example/")

        async def resolver(_host: str, _port: int) -> list[str]:
            return [address]

        found = await address_filter.resolve(url, networks=networks, resolver=resolver)
        return found.url.host

    assert await at("10.20.3.4") == "10.20.3.4"
    assert await at("fd12::7") == "fd12::7"
    for other in ("10.21.0.1", "169.254.169.254", "fd00:ec2::254", "127.0.0.1", "::1"):
        with pytest.raises(InvalidInput, match="private address"):
            await at(other)


@pytest.mark.parametrize("text", ["10.20.0.1/16", "metadata.example", "10.0.0.0/33"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        address_filter.parse_networks(text)
