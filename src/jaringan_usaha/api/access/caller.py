"""Whom a request speaks for, and what they may."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal, get_args
from uuid import UUID

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.database import ALL, Sight
from jaringan_usaha.kernel.rejections import NotAllowed

Role = Literal["operator", "koperasi", "device", "supplier", "auditor", "office"]
ROLES: tuple[Role, ...] = get_args(Role)
TRADERS: frozenset[Role] = frozenset(("operator", "koperasi", "device"))
"""Who may order, sell, and look at what is theirs."""
READERS: frozenset[Role] = frozenset(("auditor", "office"))
"""Who never writes anything."""

Address = IPv4Network | IPv6Network


class SecondFactorNeeded(NotAllowed):
    code = "second-factor-needed"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request speaks for. An operator acts for the whole network, an auditor sees it, a
    city office sees what concerns no single koperasi."""

    network_id: int
    role: Role
    koperasi_id: str | None
    key_id: str
    device_id: str | None = None
    supplier_id: str | None = None
    scopes: frozenset[str] = frozenset()
    """What the key may do, as `orders:write`; without any, all that its role may."""
    addresses: tuple[Address, ...] = ()
    """Where it may be used from; without any, from everywhere."""
    limited: bool = False
    """Whether the door has to look at more than the role."""
    sandbox: bool = False
    ahead: timedelta = timedelta(0)
    """How far the clock of a sandbox is ahead of the time."""

    @property
    def sight(self) -> Sight:
        """Whose rows of the read tables the caller may see: all, its own koperasi's beside what
        koperasi and suppliers share, or its own as a supplier."""
        if self.role in ("operator", "auditor"):
            return self.sight_of_all
        return Sight(self.network_id, self.koperasi_id or "", self.supplier_id or ALL)

    @property
    def sight_of_all(self) -> Sight:
        """For answers that are worked out from everybody's rows and show none of them."""
        return Sight(self.network_id, ALL, ALL)

    who: str = ""
    """Under what name it is recorded, and told apart where two persons are needed."""
    person_id: UUID | None = None
    supervises: bool = False
    """A pengawas, who reads, and approves what takes two persons."""
    has_second_factor: bool = True
    """Of people, whether they logged in with one; keys are secrets that nobody types."""

    @property
    def scope(self) -> str:
        """Within what one idempotency key is one request: never the credential itself. No id has
        a slash in it, so no koperasi can be named as another scope is."""
        if self.supplier_id is not None:
            return f"supplier/{self.supplier_id}"
        return self.koperasi_id or f"/{self.role}"

    @property
    def device(self) -> str:
        """Who numbers its lines: a device, or else a key and its successors, or a person."""
        return f"{self.scope}/{self.device_id}" if self.device_id else self.who

    def must_be(self, roles: Collection[Role]) -> None:
        """Raises NotAllowed for a caller of another role."""
        if self.role not in roles:
            raise NotAllowed(f"a key of the role {self.role} may not do this")

    def must_operate(self) -> None:
        """Raises NotAllowed unless the caller is the network's operator."""
        if self.role != "operator":
            raise NotAllowed("only the network's operator may do this")

    def must_approve(self) -> None:
        """Raises NotAllowed unless the caller may say the second person's yes, and
        SecondFactorNeeded for a person who logged in without one."""
        if not self.supervises:
            self.must_operate()
        self.must_be_sure()

    def must_be_sure(self) -> None:
        """Raises SecondFactorNeeded."""
        if not self.has_second_factor:
            raise SecondFactorNeeded("log in with a second factor to do this")

    def must_have(self, scope: str) -> None:
        """Raises NotAllowed for a key with scopes that lacks this one."""
        if self.scopes and scope not in self.scopes:
            raise NotAllowed(f"this key lacks the scope {scope}", scope=scope)

    def must_come_from(self, address: str) -> None:
        """Raises NotAllowed for a key that may not be used from there."""
        try:
            here = ip_address(address)
        except ValueError:
            here = None
        if here is None or not any(here in each for each in self.addresses):
            raise NotAllowed("this key may not be used from this address")

    def must_speak_for(self, koperasi_id: str) -> None:
        """Raises NotAllowed unless the caller may act, or as an auditor look, for this koperasi."""
        if self.koperasi_id != koperasi_id and self.role not in ("operator", "auditor"):
            raise NotAllowed("this key does not speak for that koperasi")

    def supplier_for(self, named: str | None) -> str | None:
        """Whose rows are shown: a supplier's own, else those of the one that is named, if any.

        Raises NotAllowed for a supplier that names another.
        """
        if self.supplier_id is not None and named not in (None, self.supplier_id):
            raise NotAllowed("this key does not speak for that supplier")
        return self.supplier_id or named

    def supplies(self, supplier_id: str) -> bool:
        """Whether what this supplier supplies is there for the caller."""
        return self.supplier_id in (None, supplier_id)

    def koperasi_for(self, named: str | None) -> str:
        """The koperasi that a request is about: the one named, or the caller's own.

        Raises NotAllowed, or Problem 422 when an operator names none.
        """
        koperasi_id = named or self.koperasi_id
        if koperasi_id is None:
            raise Problem(
                422,
                "validation-failed",
                "say which koperasi it is",
                errors=[{"pointer": "/koperasi_id", "code": "missing", "detail": "is required"}],
            )
        self.must_speak_for(koperasi_id)
        return koperasi_id
