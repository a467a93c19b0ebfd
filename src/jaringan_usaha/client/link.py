"""One packet at a time over a bad line: what came back of it, and what that means.

A packet that got no answer, or half of one, was recorded or was not. Both are in order, since every
line may be sent again as often as one likes.
"""

import contextlib
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import msgspec

from jaringan_usaha.client.outbox import AGAIN, Entry, Verdict

TIMEOUT_SECONDS = 30.0
TOO_MUCH = {408, 413}
HEADERS = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}

_verdicts = msgspec.json.Decoder(Verdict)


@dataclass(frozen=True)
class Heard:
    """What came back of a packet: verdicts on its first lines, and the trouble if not on all.

    `too_much`: send fewer lines at once. `wait_seconds`: as the service asked. `hopeless`: sending
    again is of no use before a person has changed something, such as the key.
    """

    verdicts: Sequence[Verdict] = ()
    trouble: str = ""
    too_much: bool = False
    wait_seconds: float = 0.0
    hopeless: bool = False


class Link:
    """The way to a service. `skew`: by how much the device's clock is ahead of the service's, which
    tells when it is more than five minutes."""

    def __init__(
        self,
        base_url: str,
        key: str,
        now: Callable[[], datetime],
        transport: httpx2.AsyncBaseTransport | None,
        language: str,
    ) -> None:
        self._now = now
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )
        self.skew = timedelta(0)

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, entries: Sequence[Entry]) -> Heard:
        """Send these lines once."""
        packet = gzip.compress(b"".join([entry.line for entry in entries]), mtime=0)
        arrived = bytearray()
        try:
            async with self._http.stream(
                "POST", "/v1/sync", content=packet, headers={**HEADERS, **self._clock()}
            ) as response:
                self._hear_skew(response)
                async for part in response.aiter_bytes():
                    arrived += part
        except httpx2.RequestError as error:  # the verdicts that came before the cut count
            slow = isinstance(error, httpx2.TimeoutException)
            return Heard(_verdicts_in(arrived, entries), f"no answer: {error!r}", too_much=slow)
        if response.status_code != 207:
            return _refused(response, arrived, entries)
        verdicts = _verdicts_in(arrived, entries)
        return Heard(verdicts, "" if len(verdicts) == len(entries) else "the answer broke off")

    async def version_of(self, op_id: str) -> int | None:
        """The version that an operation led to, 0 if it is not recorded, None if nobody says."""
        try:
            response = await self._http.get(f"/v1/operations/{op_id}", headers=self._clock())
        except httpx2.RequestError:
            return None
        self._hear_skew(response)
        if response.status_code == 200:
            return int(response.json()["version"])
        return 0 if response.status_code == 404 else None

    def _clock(self) -> dict[str, str]:
        return {"JU-Client-Time": self._now().isoformat()}

    def _hear_skew(self, response: httpx2.Response) -> None:
        self.skew = timedelta(milliseconds=int(response.headers.get("JU-Clock-Skew", "0")))


def _verdicts_in(arrived: bytearray, sent: Sequence[Entry]) -> list[Verdict]:
    """The verdicts that arrived whole, in the order of the lines sent."""
    found: list[Verdict] = []
    with contextlib.suppress(msgspec.DecodeError):  # no answer of the service, or torn
        for entry, text in zip(sent, arrived.split(b"\n")[:-1], strict=False):
            verdict = _verdicts.decode(text)
            if verdict.op_id != entry.op_id:
                break
            found.append(verdict)
    return found


def _refused(response: httpx2.Response, arrived: bytearray, sent: Sequence[Entry]) -> Heard:
    """What it means that the service did not take a packet as such."""
    status = response.status_code
    problem: dict[str, Any] = {"detail": response.reason_phrase, "code": ""}
    with contextlib.suppress(msgspec.DecodeError):  # else something on the way has answered
        problem |= msgspec.json.decode(arrived, type=dict[str, Any])
    if status == 413 and len(sent) == 1:
        return Heard([Verdict(op_id=sent[0].op_id, status=status, problem=problem)])
    torn = status == 400 and problem["code"] == "json-invalid"
    asked_for = response.headers.get("Retry-After", "")
    return Heard(
        trouble=f"{status}: {problem['detail']}",
        too_much=status in TOO_MUCH,
        wait_seconds=float(asked_for) if asked_for.isdecimal() else 0.0,
        hopeless=not (torn or status in AGAIN or status in TOO_MUCH),
    )
