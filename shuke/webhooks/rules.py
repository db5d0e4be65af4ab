"""Webhooks in plain arithmetic: which addresses may be called, when to try again, how a message is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105 - says what follows, as Standard Webhooks has it
SECRET_BYTES = 32
OLD_SECRET_FOR = timedelta(hours=24)
PAUSE_AFTER = timedelta(days=3)
CLAIM_FOR = timedelta(minutes=3)
KEEP_SENT = timedelta(days=30)
KEEP_ALL = timedelta(days=90)

_PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before the second, third … tenth attempt: about three days in all, as Standard Webhooks recommends."""
ATTEMPTS = len(_PAUSES) + 1
_LONGEST_WISH = 6 * 3600
_REST_LONGEST = 600

_NOT_OURS = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
"""Private, shared, local, documentation, multicast and translating networks, and a cloud's metadata address."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; anything that wraps another address does not."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    return found.is_global and not any(found in network for network in _NOT_OURS if network.version == found.version)


def trouble_with(url: str, allowed: Iterable[str] = ()) -> str:
    """Why an address may not be an endpoint: "" (it may), malformed, not_https, has_password, private.

    `allowed` are `host:port` that the host of this installation vouches for; they may be private and without TLS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "malformed"
    host = parts.hostname or ""
    if not host or parts.fragment or any(sign.isspace() or ord(sign) < 33 for sign in url) or len(url) > 500:
        return "malformed"
    if parts.username is not None or parts.password is not None:
        return "has_password"
    if is_vouched(url, allowed):
        return "" if parts.scheme in {"https", "http"} else "not_https"
    if parts.scheme != "https" or port == 0:
        return "not_https"
    try:
        return "" if is_public(host) else "private"
    except ValueError:
        return "private" if "." not in host.strip(".") or host.endswith((".local", ".internal", ".localhost")) else ""


def is_vouched(url: str, allowed: Iterable[str]) -> bool:
    """Whether the installation's settings name this very host and port."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}:{port}" in set(allowed)


def pause_seconds(attempt_count: int, *, chance: float, wished: int | None = None) -> float | None:
    """How long to wait after the `attempt_count`-th attempt failed; None after the last.

    `chance` (0…1) spreads the attempts by a fifth either way, so that what failed together does not come back together.
    `wished` is the receiver's Retry-After, heeded up to six hours.
    """
    if attempt_count >= ATTEMPTS:
        return None
    pause = _PAUSES[attempt_count - 1] * (0.8 + 0.4 * chance)
    return max(pause, min(wished, _LONGEST_WISH)) if wished else pause


def rest_seconds(failure_count: int) -> int:
    """How long an endpoint is left in peace after so many failures in a row, whatever else waits for it."""
    return min(_REST_LONGEST, 5 << min(failure_count - 1, 10))


def signatures(message_id: str, at: datetime, body: str, secrets: Sequence[str]) -> str:
    """The header `webhook-signature`: one signature for each valid secret (Standard Webhooks 1.0, HMAC-SHA256)."""
    content = f"{message_id}.{int(at.timestamp())}.{body}".encode()
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(secret_bytes(secret), content, hashlib.sha256)).decode()
        for secret in secrets
    )


def plain(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A fact's payload without what people wrote in their own words, which may name somebody."""
    return {name: value for name, value in payload.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, int | float) or bool(_WORD.fullmatch(str(value)))


_WORD = re.compile(r"[a-z0-9_.:+-]{0,40}|\d{4}-\d\d-\d\d[T ]?[0-9:.+Z-]{0,30}")


def secret_bytes(secret: str) -> bytes:
    """The key in `whsec_…`."""
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))


def write_secret(key: bytes) -> str:
    """A key as people copy it: `whsec_…`."""
    return SECRET_PREFIX + base64.b64encode(key).decode()
