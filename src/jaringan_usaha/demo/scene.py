"""What every part of the story has at hand."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.demo.stage import Stage
from jaringan_usaha.demo.tills import Tills

JAKARTA = timedelta(hours=7)
LOOK_EVERY_SECONDS = 0.05
PATIENCE_SECONDS = 60.0

Orders = dict[str, dict[str, int]]
"""Base units by item and koperasi; who ordered an item first stands first."""


def now() -> datetime:
    """A client's clock."""
    return datetime.now(UTC)  # noqa: TID251


def today() -> date:
    """In Asia/Jakarta."""
    return (now() + JAKARTA).date()


@dataclass(frozen=True)
class Scene:
    """The operator, the tills, where the story is shown, and the koperasi: their titles by id."""

    operator: Service
    tills: Tills
    stage: Stage
    titles: Mapping[str, str]

    async def pause(self, part: float = 1) -> None:
        """So that people can follow."""
        if self.stage.pause_seconds:
            await asyncio.sleep(self.stage.pause_seconds * part)

    async def until(self, what: str, happened: Callable[[], Awaitable[bool]]) -> None:
        """Wait for what the service does by itself. Raises ServiceProblem, also when it takes
        too long: `what` says then what did not happen."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + PATIENCE_SECONDS
        while not await happened():
            if loop.time() > give_up_at:
                raise ServiceProblem(f"waited in vain: {what}")
            await asyncio.sleep(LOOK_EVERY_SECONDS)
