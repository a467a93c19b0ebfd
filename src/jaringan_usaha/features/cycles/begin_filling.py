"""What the clock does to open cycles: begin the phase in which cases are filled."""

from datetime import datetime

from jaringan_usaha.eventlog.database import Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.features.cycles import life_views
from jaringan_usaha.features.cycles.domain import GRACE, BeginFilling, cycles
from jaringan_usaha.kernel.by_clock import asked_by_clock


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Begin what is due, as far as the read tables show it. `now` is on the database's clock.
    True when something was recorded."""
    async with pool.acquire() as db:
        due = await life_views.cycles_to_fill(db, log.network_id, now - GRACE)
    for cycle_id in due:
        asked = asked_by_clock(now, "fill", cycle_id)
        await log.handle(cycles, BeginFilling(asked=asked, cycle_id=cycle_id))
    return bool(due)
