"""What follows a closed month: its balances are carried on, once, by whichever process sees it.

Nothing can post into a closed month, so what the ledger shows of it is final as soon as the ledger
shows that it is closed.
"""

from datetime import datetime

from jaringan_usaha.eventlog.database import Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.features.margin import books
from jaringan_usaha.features.margin.domain import CarryBalances, ledger
from jaringan_usaha.features.margin.events import AccountBalance
from jaringan_usaha.kernel.by_clock import asked_by_clock


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Carry the balances of closed months on. True when something was recorded."""
    async with pool.acquire() as db:
        month = await books.month_to_carry(db, log.network_id)
        if month is None:
            return False
        balances = await books.balances_of_month(db, log.network_id, month["ends_on"])
    command = CarryBalances(
        asked=asked_by_clock(now, "carry", month["month_id"]),
        month_id=month["month_id"],
        up_to_position=month["closed_position"],
        balances=tuple(AccountBalance(**dict(row)) for row in balances),
    )
    await log.handle(ledger, command)
    return True
