"""Which addresses lie on this machine."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback_host(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_loopback(endpoint: str) -> bool:
    """Say whether an address leads to this machine itself; one that cannot be read does not."""
    try:
        return is_loopback_host(urlsplit(endpoint).hostname or "")
    except ValueError:
        return False
