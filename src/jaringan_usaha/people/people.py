"""People added, approved and ended; sessions begun. Like keys, they are rows and no events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.issuing import COMMAND_LINE
from jaringan_usaha.api.access.sessions import LIFE, PersonRole, new_session, session_hash
from jaringan_usaha.api.asked import Clock, new_id
from jaringan_usaha.eventlog.database import Pool, Row
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.kernel.rejections import Invalid, Missing, NotAllowed, Refused
from jaringan_usaha.kernel.two_persons import must_be_another

queries = Queries("jaringan_usaha.people", "people.sql")

BY_TWO: frozenset[PersonRole] = frozenset(("operator", "auditor", "pengawas"))
"""Who sees everything or may approve: added over HTTP, they wait for a second person."""
FIELDS: Mapping[str, tuple[PersonRole, ...]] = {
    "koperasi_id": ("pengurus", "pengawas"),
    "supplier_id": ("supplier",),
}
"""Which roles speak for one of these."""


class NoSuchPerson(Missing):
    code = "person-unknown"


class PersonDoesNotFit(Invalid):
    code = "person-does-not-fit"


class PersonIsKnown(Refused):
    code = "person-is-known"


class PersonIsIn(Refused):
    code = "person-waits-for-nobody"


class NotLetIn(NotAllowed):
    code = "person-not-let-in"


@dataclass(frozen=True)
class NewPerson:
    """Who logs in as `subject` at `issuer` is this from now on."""

    issuer: str
    subject: str
    role: PersonRole
    koperasi_id: str | None = None
    supplier_id: str | None = None
    label: str = ""
    by: str = COMMAND_LINE

    def must_fit(self) -> None:
        """Raises PersonDoesNotFit."""
        for field, speak in FIELDS.items():
            named = getattr(self, field) is not None
            if named != (self.role in speak):
                roles = " and ".join(speak)
                raise PersonDoesNotFit(
                    f"{field} is told of {roles}, and of nobody else", pointer=f"/{field}"
                )


async def add(pool: Pool, clock: Clock, network_id: int, person: NewPerson) -> Row:
    """The new person; the same one again is found as it is.

    Raises PersonDoesNotFit, PersonIsKnown.
    """
    person.must_fit()
    waits = person.role in BY_TWO and person.by != COMMAND_LINE
    await pool.execute(
        queries.add_person,
        UUID(new_id()),
        network_id,
        person.issuer,
        person.subject,
        person.role,
        person.koperasi_id,
        person.supplier_id,
        person.label,
        waits,
        person.by,
        clock.now(),
    )
    row = await pool.fetchrow(queries.person_of, person.issuer, person.subject)
    told = (network_id, person.role, person.koperasi_id, person.supplier_id)
    if row is None or told != tuple(
        row[name] for name in ("network_id", "role", "koperasi_id", "supplier_id")
    ):
        raise PersonIsKnown("this person is here already, as somebody else: end that first")
    return row


async def person(pool: Pool, network_id: int, person_id: UUID) -> Row:
    """Raises NoSuchPerson."""
    row = await pool.fetchrow(queries.person, network_id, person_id)
    if row is None:
        raise NoSuchPerson(f"there is no person {person_id}")
    return row


async def people(pool: Pool, network_id: int, *, part: Part) -> list[Row]:
    """The people of a network, those who are out too, in the order in which they came."""
    return list(await pool.fetch(part.of(queries).people, network_id, *part.key, part.most))


async def person_count(pool: Pool, network_id: int) -> int:
    """How many people of a network there are, those who are out too."""
    return int(await pool.fetchval(queries.person_count, network_id))


async def approve(pool: Pool, network_id: int, person_id: UUID, by: Caller) -> None:
    """Let in whom another person added.

    Raises NoSuchPerson, SecondPersonNeeded, PersonIsIn.
    """
    row = await person(pool, network_id, person_id)
    if row["approved_by"] == by.who:
        return
    if row["waits"]:
        must_be_another(row["created_by"], by.who)
    status = await pool.execute(queries.approve_person, network_id, person_id, by.who)
    if status != "UPDATE 1":
        raise PersonIsIn("this person does not wait for anybody")


async def end(pool: Pool, clock: Clock, network_id: int, person_id: UUID) -> bool:
    """Their sessions and keys open nothing any more. False for who was out before."""
    status = await pool.execute(queries.end_person, network_id, person_id, clock.now())
    return str(status) == "UPDATE 1"


async def begin_session(
    pool: Pool, clock: Clock, issuer: str, subject: str, *, second_factor: bool
) -> str:
    """A session's secret, for who has just logged in. Raises NotLetIn."""
    now = clock.now()
    row = await pool.fetchrow(queries.person_of, issuer, subject)
    if row is None:
        raise NotLetIn(
            "nobody let you in yet: tell the network's operator this subject", subject=subject
        )
    if row["waits"]:
        raise NotLetIn("a second person has to let you in first")
    secret = new_session()
    await pool.execute(queries.forget_sessions, now - timedelta(days=1))
    await pool.execute(
        queries.begin_session,
        session_hash(secret),
        row["person_id"],
        second_factor,
        now,
        now + LIFE,
    )
    return secret


async def end_session(pool: Pool, clock: Clock, secret: str) -> None:
    """It opens nothing any more."""
    await pool.execute(queries.end_session, session_hash(secret), clock.now())


def state_of(row: Any) -> str:
    """out, waiting or in."""
    if row["ended_at"] is not None:
        return "out"
    return "waiting" if row["waits"] else "in"
