"""What the follower takes away when nobody else did: values that the log says are gone."""

from datetime import datetime

from jaringan_usaha.eventlog.database import Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.features.contacts import reads, values
from jaringan_usaha.features.contacts.domain import CONSENTED


async def tend(log: EventLog, pool: Pool, now: datetime) -> bool:
    """Finish erasures and withdrawals, as far as the read tables show them, and forget who read
    what long ago. True when a person's values were taken away."""
    due = await pool.fetch(values.queries.to_be_taken_away, log.network_id, list(CONSENTED))
    for row in due:
        if row["withdrawn_position"] is None:
            await values.erase(pool, log.network_id, row["subject_id"])
        else:
            await values.take_away(
                pool, log.network_id, row["subject_id"], CONSENTED, row["withdrawn_position"]
            )
    await reads.forget(pool, log.network_id)
    return bool(due)
