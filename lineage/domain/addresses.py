"""Which addresses lie on this machine, and how any of them is shown: without its secrets."""

import ipaddress
from urllib.parse import unquote, urlsplit


def is_loopback_host(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_loopback_address(endpoint: str) -> bool:
    """Say whether an address leads to this machine itself; one that cannot be read does not."""
    try:
        return is_loopback_host(urlsplit(endpoint).hostname or "")
    except ValueError:
        return False


_MASK = "***"
_PUBLIC_PARAMETERS = frozenset({"region", "scheme", "endpoint_override"})
"""What an address may say behind `?` that is no secret; any other value may be one."""


def mask_secrets_in_address(text: str) -> str:
    """Return an address for a message or a page: user, password and unknown values are masked.

    What is no address (`scheme://...`), a local path say, is shown as it is.
    """
    scheme, separator, place = text.partition("://")
    if not separator or not scheme.isascii() or not scheme.replace("+", "").isalnum():
        return text
    # By hand, since a secret that was pasted unescaped may hold `/`, `?` or `#`: then a parser ends
    # the password early, and takes the remainder of it for a path.
    user, at, host = place.rpartition("@")
    is_user = bool(at) and (":" in user or not set("/?#") & set(user))
    place = f"{_MASK}@{host}" if is_user else place
    place, fragment, _ = place.partition("#")
    path, question, query = place.partition("?")
    parameters = "&".join(map(_mask_address_parameter, query.split("&"))) if query else ""
    return f"{scheme}://{path}{question}{parameters}" + (f"#{_MASK}" if fragment else "")


def _mask_address_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        return _MASK if name else ""
    is_public = name.lower() in _PUBLIC_PARAMETERS and "@" not in unquote(value)
    return f"{name}={value if is_public else _MASK}"
