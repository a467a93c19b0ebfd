"""Who calls, and whether they may: what a route asks for says whom it lets in."""

from typing import Annotated

from fastapi import Depends, Request

from jaringan_usaha.api import query
from jaringan_usaha.api.access.caller import READERS, TRADERS, Caller, Role
from jaringan_usaha.api.access.keys import COOKIE
from jaringan_usaha.api.access.limits import READ, WRITE, Rate
from jaringan_usaha.api.door import Door, door_of
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.kernel.rejections import NotAllowed


async def admit(
    door: Door, request: Request, rate: Rate | None = None, area: str | None = None
) -> Caller:
    """Who calls, if they may do so now: with a valid key, from where it may be used, within
    its scopes, and not too often; without a key, in a person's session. `area` stands for the
    tag of a route without one; with "" the route looks at the scopes itself.

    Nor may the query name what the route does not know.

    Raises Problem 401, 422 and 429, NotAllowed.
    """
    address = request.client.host if request.client else ""
    authorization = request.headers.get("authorization")
    has_session = authorization is None and COOKIE in request.cookies
    if has_session:
        known = door.sessions.knows(request.cookies[COOKIE])
    else:
        known = door.keys.knows(authorization)
    if not known:  # many share an address: one dead key must not shut out those let in before
        door.limits.may_knock(address)
    try:
        if has_session:
            caller = await door.sessions.of(request)
        else:
            caller = await door.keys.caller(authorization)
    except Problem:
        door.limits.knocked_in_vain(address)
        raise
    if rate is None:
        rate = READ if request.method in ("GET", "HEAD") else WRITE
    request.scope["caller"] = caller
    door.calls.note(caller.network_id, caller.key_id, request.scope)
    request.scope["limit"] = door.limits.admit(caller, rate)
    if caller.limited:
        _must_be_within(caller, request, address, area)
    if request.scope["query_string"]:
        query.must_fit(request)
    return caller


def _must_be_within(caller: Caller, request: Request, address: str, area: str | None) -> None:
    """Raises NotAllowed for a key that is used from elsewhere, or for what it is not made for."""
    if caller.addresses:
        caller.must_come_from(address)
    reads = request.method in ("GET", "HEAD")
    if caller.role == "auditor" and area != "":
        caller.must_be_sure()
    if caller.role in READERS and not reads:
        raise NotAllowed(f"a key of the role {caller.role} may not do this")
    if caller.scopes and area != "":
        caller.must_have(f"{area or _area_of(request)}:{'read' if reads else 'write'}")


def _area_of(request: Request) -> str:
    """The tag of a route; one without any is in nobody's scopes."""
    tags = getattr(request.scope.get("route"), "tags", None) or ("unknown",)
    return str(tags[0]).replace(" ", "-")


async def anyone(request: Request) -> Caller:
    """Whoever has a key; what they may see or do is still to be asked.

    Raises Problem 401, 422 and 429, NotAllowed.
    """
    return await admit(door_of(request), request)


async def operator_of(caller: Annotated[Caller, Depends(anyone)]) -> Caller:
    """Raises NotAllowed."""
    caller.must_operate()
    return caller


async def approver_of(caller: Annotated[Caller, Depends(anyone)]) -> Caller:
    """Raises NotAllowed, SecondFactorNeeded."""
    caller.must_approve()
    return caller


async def overseer_of(caller: Annotated[Caller, Depends(anyone)]) -> Caller:
    """Raises NotAllowed."""
    if not caller.supervises:
        caller.must_be(("operator", "auditor"))
    return caller


class Only:
    """Lets the callers of these roles pass, and nobody else."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, caller: Annotated[Caller, Depends(anyone)]) -> Caller:
        """Raises NotAllowed."""
        caller.must_be(self.roles)
        return caller


CallerNow = Annotated[Caller, Depends(Only(*TRADERS))]
"""The operator, and koperasi with their devices: who trades. A koperasi sees its own rows."""
OperatorNow = Annotated[Caller, Depends(operator_of)]
ApproverNow = Annotated[Caller, Depends(approver_of)]
"""An operator, or a pengawas: who may be the second person where two are needed."""
OverseerNow = Annotated[Caller, Depends(overseer_of)]
"""Who may know of what waits for a second person: those who approve, and an auditor."""
AuditorNow = Annotated[Caller, Depends(Only("operator", "auditor"))]
"""Who looks at everything of the network."""
ReaderNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor"))]
"""As CallerNow, and an auditor, who sees the rows of all and changes none."""
BoardNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "office"))]
"""What hangs on the wall for koperasi and the city office alike: nobody's own rows."""
OfficeNow = Annotated[Caller, Depends(Only("operator", "auditor", "office"))]
"""Totals of the group, of which a city office sees as much as the operator."""
SupplierNow = Annotated[Caller, Depends(Only("operator", "auditor", "supplier"))]
"""A supplier, who sees and answers what is theirs; the route says `caller.supplier_for(…)`."""
PartnerNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "supplier"))]
"""Both sides of the trade; a supplier sees what is its own."""
GoodsNow = Annotated[Caller, Depends(Only(*TRADERS, "auditor", "office", "supplier"))]
"""The goods that everybody speaks of."""
