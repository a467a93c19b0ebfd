"""SEC-4: what one person proposes, another one approves."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from given import NOON, Given, asked, given
from jaringan_usaha.features.cycles.events import (
    ConsolidatedLine,
    ConsolidatedOrderAmended,
    ConsolidatedOrderPlaced,
    ConsolidatedOrderProposalWithdrawn,
    ConsolidatedOrderProposed,
    ConsolidatedOrderSent,
    ConsolidatedOrderWithdrawn,
    CycleClosed,
    CycleConsolidated,
    CycleOpened,
)
from jaringan_usaha.features.cycles.group.approving import (
    ApproveOrder,
    NothingProposed,
    WithdrawProposal,
    approving,
)
from jaringan_usaha.features.cycles.group.sending import (
    NoSuchConsolidatedOrder,
    OrderIsProposed,
    SendOrder,
    sending,
)
from jaringan_usaha.features.registry.accounts import (
    ConfirmAccount,
    NoSuchProposal,
    ProposalIsOver,
    ProposeAccount,
    WithdrawAccount,
    supplier_accounts,
)
from jaringan_usaha.features.registry.domain import NoSuchSupplier
from jaringan_usaha.features.registry.events import (
    RuleSet,
    SupplierAccountConfirmed,
    SupplierAccountProposed,
    SupplierAccountWithdrawn,
    SupplierAdmitted,
)
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.two_persons import SecondPersonNeeded

IDS: dict[str, Any] = {
    "consolidated_order_id": "week-3|indofood",
    "cycle_id": "week-3",
    "supplier_id": "indofood",
}
OF: dict[str, Any] = {"cycle_id": "week-3", "supplier_id": "indofood"}


OPENED = CycleOpened(
    cycle_id="week-3",
    title="Minggu 3",
    opens_at=NOON - timedelta(days=2),
    closes_at=NOON - timedelta(days=1),
    prices="listed",
    priced_on=date(2026, 1, 15),
)


def by(who: str) -> Asked:
    return msgspec.structs.replace(asked(), by=who)


def limit(order_idr: int, valid_from_on: date = date(2026, 1, 1), version_no: int = 1) -> RuleSet:
    return RuleSet(
        rule_id="two-persons",
        version_no=version_no,
        valid_from_on=valid_from_on,
        values={"order_idr": order_idr},
        source="RAT 2025",
    )


def line(amount_idr: int, item_id: str = "oil") -> ConsolidatedLine:
    return ConsolidatedLine(
        item_id=item_id, quantity=10, order_lines=1, amount_idr=amount_idr, alone_idr=amount_idr
    )


def placed(*lines: ConsolidatedLine) -> ConsolidatedOrderPlaced:
    return ConsolidatedOrderPlaced(**IDS, part=1, lines=lines)


def amended(*lines: ConsolidatedLine) -> ConsolidatedOrderAmended:
    return ConsolidatedOrderAmended(**IDS, revision=1, reason="fewer", lines=lines, items=())


def proposed(amount_idr: int = 1_500, who: str = "ani", **other: Any) -> ConsolidatedOrderProposed:
    fields = {"revision": 1, "limit_idr": 1_000, "rule_version_no": 1, **other}
    return ConsolidatedOrderProposed(
        **IDS, **fields, amount_idr=amount_idr, proposed_by=who, reference="PO 17"
    )


def send(who: str = "ani") -> SendOrder:
    return SendOrder(asked=by(who), **OF, reference="PO 17")


def approve(who: str = "budi") -> ApproveOrder:
    return ApproveOrder(asked=by(who), **OF)


def log(*lines: ConsolidatedLine) -> Given:
    return given(sending, approving).events(
        OPENED,
        CycleClosed(cycle_id="week-3"),
        placed(*(lines or (line(900), line(600, "salt")))),
        CycleConsolidated(
            cycle_id="week-3", consolidated_orders=1, order_lines=1, amount_idr=1, alone_idr=1
        ),
    )


SENT = ConsolidatedOrderSent(**IDS, revision=1, reference="PO 17")
SENT_BY_TWO = ConsolidatedOrderSent(**IDS, revision=1, reference="PO 17", proposed_by="ani")


def test_sec_4_without_a_limit_one_person_sends() -> None:
    log().when(send()).then(SENT)


@pytest.mark.parametrize("order_idr", [1_500, 2_000])
def test_sec_4_up_to_the_limit_one_person_sends(order_idr: int) -> None:
    log().events(limit(order_idr)).when(send()).then(SENT)


def test_sec_4_above_the_limit_it_is_proposed_only() -> None:
    log().events(limit(1_499)).when(send()).then(proposed(limit_idr=1_499))


def test_sec_4_the_limit_of_the_day_counts() -> None:
    later = limit(10_000, date(2026, 2, 1), version_no=2)
    log().events(limit(1_000), later).when(send()).then(proposed())
    log().events(limit(1_000, date(2026, 2, 1))).when(send()).then(SENT)


def test_sec_4_another_person_sends_what_was_proposed() -> None:
    log().events(limit(1_000), proposed()).when(approve("budi")).then(SENT_BY_TWO)


def test_sec_4_the_same_person_does_not_approve() -> None:
    log().events(limit(1_000), proposed()).when(approve("ani")).then_refused(SecondPersonNeeded)


@pytest.mark.parametrize("who", ["ani", "budi"])
def test_sec_4_sending_again_approves_nothing(who: str) -> None:
    done = log().events(limit(1_000), proposed())
    done.when(send(who)).then_refused(OrderIsProposed, amount_idr=1_500)


def test_sec_4_a_proposal_ends_with_any_change_of_the_order() -> None:
    changed = log().events(limit(1_000), proposed(), amended(line(1_900)))
    changed.when(approve()).then_refused(NothingProposed)
    changed.when(send()).then(proposed(2_500))


def test_sec_4_an_order_that_fell_below_the_limit_needs_one_person() -> None:
    log().events(limit(1_000), proposed(), amended(line(100))).when(send("ani")).then(SENT)


def test_sec_4_what_is_amended_after_it_was_sent_takes_two_persons_again() -> None:
    again = log().events(limit(1_000), proposed(), SENT_BY_TWO, amended(line(901)))
    again.when(approve()).then_refused(NothingProposed)
    again.when(send()).then(proposed(1_501, revision=2))


def test_sec_4_a_proposal_is_withdrawn_by_anybody_once() -> None:
    gone = ConsolidatedOrderProposalWithdrawn(**IDS, reason="too dear")
    command = WithdrawProposal(asked=by("citra"), **OF, reason="too dear")
    done = log().events(limit(1_000), proposed())
    done.when(command).then(gone)
    done.events(gone).when(command).then_nothing()
    done.events(gone).when(approve()).then_refused(NothingProposed)
    done.events(gone).when(send("budi")).then(proposed(who="budi"))


def test_sec_4_what_is_sent_is_not_approved_twice() -> None:
    log().events(limit(1_000), proposed(), SENT_BY_TWO).when(approve("citra")).then_nothing()


def test_sec_4_an_order_that_was_taken_back_is_not_approved() -> None:
    gone = ConsolidatedOrderWithdrawn(**IDS, reason="reopened")
    taken = log().events(limit(1_000), proposed(), gone)
    taken.when(approve()).then_refused(NoSuchConsolidatedOrder)
    anew = taken.events(placed(line(1_500)))
    anew.when(approve()).then_refused(NothingProposed)


# -- bank accounts -------------------------------------------------------------------------

ADMITTED = SupplierAdmitted(supplier_id="indofood", title="Indofood")


def account(proposal_no: int = 1, who: str = "ani", **other: str) -> SupplierAccountProposed:
    told = {"bank_code": "014", "account_no": "1234567890", "holder": "PT Indofood", **other}
    return SupplierAccountProposed(
        supplier_id="indofood", proposal_no=proposal_no, proposed_by=who, **told
    )


def propose(who: str = "ani", **other: str) -> ProposeAccount:
    told = {"bank_code": "014", "account_no": "1234567890", "holder": "PT Indofood", **other}
    return ProposeAccount(asked=by(who), supplier_id="indofood", **told)


def confirm(proposal_no: int = 1, who: str = "budi") -> ConfirmAccount:
    return ConfirmAccount(asked=by(who), supplier_id="indofood", proposal_no=proposal_no)


def confirmed(proposal_no: int = 1) -> SupplierAccountConfirmed:
    return SupplierAccountConfirmed(supplier_id="indofood", proposal_no=proposal_no)


accounts = given(supplier_accounts).events(ADMITTED)


def test_sec_4_an_account_is_proposed_by_one_and_confirmed_by_another() -> None:
    accounts.when(propose()).then(account())
    accounts.events(account()).when(propose("citra")).then_nothing()
    accounts.events(account()).when(confirm()).then(confirmed())
    accounts.events(account(), confirmed()).when(confirm(who="citra")).then_nothing()
    accounts.events(account(), confirmed()).when(propose()).then_nothing()


def test_sec_4_nobody_confirms_an_account_of_their_own() -> None:
    accounts.events(account()).when(confirm(who="ani")).then_refused(SecondPersonNeeded)


def test_sec_4_only_the_last_account_that_was_proposed_is_confirmed() -> None:
    """What was looked at is what is confirmed: another proposal needs another look."""
    two = accounts.events(account(), account(2, "budi", account_no="99999"))
    two.when(confirm(1, "citra")).then_refused(ProposalIsOver)
    two.when(confirm(2, "budi")).then_refused(SecondPersonNeeded)
    two.when(confirm(2, "ani")).then(confirmed(2))
    two.when(confirm(3)).then_refused(NoSuchProposal)


def test_sec_4_an_account_that_was_withdrawn_is_not_confirmed() -> None:
    withdraw = WithdrawAccount(
        asked=by("ani"), supplier_id="indofood", proposal_no=1, reason="a forged letter"
    )
    gone = SupplierAccountWithdrawn(supplier_id="indofood", proposal_no=1, reason="a forged letter")
    accounts.events(account()).when(withdraw).then(gone)
    over = accounts.events(account(), gone)
    over.when(withdraw).then_refused(ProposalIsOver)
    over.when(confirm()).then_refused(ProposalIsOver)
    over.when(propose()).then(account(2))


def test_an_account_is_of_a_supplier_that_there_is() -> None:
    nobody = given(supplier_accounts)
    nobody.when(propose()).then_refused(NoSuchSupplier)
    accounts.when(confirm()).then_refused(NoSuchProposal)
