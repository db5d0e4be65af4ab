"""Calling endpoints: never a private address, never longer than a quarter of a minute, never more than a few kilobytes read."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

import httpx

import shuke
from shuke.core import clock
from shuke.webhooks import rules
from shuke.webhooks.actions.delivering import Claim, Outcome

SECONDS = 15.0
LANES = 4
_READ_BYTES = 16 << 10
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_NOT_CALLED = Outcome(None, "endpoint_down", was_called=False)

Heard = Callable[[Claim, Outcome], None]


def call_all(claims: Sequence[Claim], heard: Heard, allowed: Sequence[str]) -> None:
    """Call for every claim and hand over each outcome as it comes, from another thread.

    Endpoints are called side by side, an endpoint's members in a few lanes side by side, and a member's messages one
    after the other in the order of the claims. When an endpoint cannot be reached, its remaining claims are not tried.
    """
    asyncio.run(_call_all(claims, heard, allowed))


async def _call_all(claims: Sequence[Claim], heard: Heard, allowed: Sequence[str]) -> None:
    by_endpoint: dict[int, list[Claim]] = defaultdict(list)
    for one in claims:
        by_endpoint[one.endpoint_id].append(one)
    async with asyncio.TaskGroup() as group:
        for found in by_endpoint.values():
            group.create_task(_call_endpoint(found, heard, allowed))


async def _call_endpoint(claims: Sequence[Claim], heard: Heard, allowed: Sequence[str]) -> None:
    lanes: dict[int, list[Claim]] = defaultdict(list)
    for one in claims:
        lanes[(one.member_id or 0) % LANES].append(one)
    down = asyncio.Event()
    # A client of its own for each endpoint: connections are kept by address, and two names may share one.
    async with httpx.AsyncClient(
        timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=_tls(),
        headers={"user-agent": f"Shuke/{shuke.__version__}"},
    ) as client, asyncio.TaskGroup() as group:  # fmt: skip
        for lane in lanes.values():
            group.create_task(_call_lane(client, lane, heard, down, allowed))


async def _call_lane(
    client: httpx.AsyncClient, lane: Sequence[Claim], heard: Heard, down: asyncio.Event, allowed: Sequence[str]
) -> None:
    for one in lane:
        outcome = _NOT_CALLED if down.is_set() else await call(client, one, allowed)
        if not outcome.is_sent:
            down.set()
        heard(one, outcome)


async def call(client: httpx.AsyncClient, one: Claim, allowed: Sequence[str]) -> Outcome:
    """One signed POST to the address that the name stood for a moment ago."""
    trouble = rules.trouble_with(one.url, allowed)
    if trouble:
        return Outcome(None, trouble)
    try:
        async with asyncio.timeout(SECONDS):
            address = await _resolve(one.url, allowed)
            return await _post(client, one, address) if address else Outcome(None, "private")
    except TimeoutError:
        return Outcome(None, "timeout")
    except httpx.TimeoutException:
        return Outcome(None, "timeout")
    except socket.gaierror:
        return Outcome(None, "unknown_host")
    except ssl.SSLError:
        return Outcome(None, "tls")
    except httpx.HTTPError as error:
        return Outcome(None, "tls" if "CERTIFICATE" in str(error) or "SSL" in str(error) else "unreachable")
    except (OSError, ValueError):
        return Outcome(None, "unreachable")


async def _resolve(url: str, allowed: Sequence[str]) -> str:
    """The address to connect to; "" when any address of the name is not public."""
    parts = urlsplit(url)
    found = await asyncio.get_running_loop().getaddrinfo(
        parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), type=socket.SOCK_STREAM
    )
    addresses = [str(row[4][0]) for row in found]
    if not rules.is_vouched(url, allowed) and not all(map(rules.is_public, addresses)):
        return ""
    return addresses[0]


async def _post(client: httpx.AsyncClient, one: Claim, address: str) -> Outcome:
    parts = urlsplit(one.url)
    host = f"[{address}]" if ":" in address else address
    target = urlunsplit(
        (parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path or "/", parts.query, "")
    )
    at = clock.now()
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "webhook-id": one.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": rules.signatures(one.message_id, at, one.body, one.secrets),
    }
    async with client.stream(
        "POST", target, content=one.body.encode(), headers=headers, extensions={"sni_hostname": parts.hostname}
    ) as response:
        size = 0
        async for block in response.aiter_raw():
            size += len(block)
            if size > _READ_BYTES:
                break
        return Outcome(
            response.status_code, _word(response.status_code), _wish(response.headers.get("retry-after", ""))
        )


def _word(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "gone" if status == 410 else "refused" if status < 500 else "broken"


def _wish(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
