"""The doctor's look at the metrics: does Prometheus find something under METRICS_PORT, and who else does."""

import ipaddress
from collections.abc import Sequence

import httpx

from otvet.findings import Finding, doubtful, good
from support.settings import Settings

TIMEOUT_S = 3.0


async def examine_metrics(settings: Settings) -> Sequence[Finding]:
    """Ask for the metrics; nothing is said where no port is configured."""
    if settings.metrics_port is None:
        return []
    host = settings.metrics_host
    address = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{settings.metrics_port}/metrics"  # noqa: S104  # compared
    found = [] if _is_local(host) else [_open(host)]
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.get(address)
    except httpx.HTTPError:
        return [doubtful(f"METRICS_PORT: nothing answers at {address}: is the bot running?"), *found]
    if "otvet_sends" not in answer.text:
        return [doubtful(f"METRICS_PORT: what answers at {address} is not the bot: set another port."), *found]
    return [good(f"METRICS_PORT: the metrics are at {address}."), *found]


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _open(host: str) -> Finding:
    return doubtful(f"METRICS_HOST {host}: the metrics have no password; let only Prometheus reach the port.")
