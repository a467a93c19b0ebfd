"""How accounts and what stands on them are shown."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from jaringan_usaha.eventlog.database import Row
from jaringan_usaha.features.margin.accounts import CHART


class AccountView(BaseModel):
    """`balance_idr` is what stands on the side on which the account grows."""

    account: str
    title: str
    kind: str = Field(description="aset, liabilitas, ekuitas, pendapatan or beban")
    side: str = Field(description="debit or credit: where the account grows")
    debit_idr: int
    credit_idr: int
    balance_idr: int


def account_views(rows: Sequence[Row]) -> list[AccountView]:
    """The rows by account; those of one account are summed."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        debit, credit = sums.get(row["account"], (0, 0))
        sums[row["account"]] = (debit + row["debit_idr"], credit + row["credit_idr"])
    found = []
    for number, (debit, credit) in sorted(sums.items()):
        account = CHART[number]
        found.append(
            AccountView(
                account=number,
                title=account.title,
                kind=account.kind,
                side=account.side,
                debit_idr=debit,
                credit_idr=credit,
                balance_idr=debit - credit if account.side == "debit" else credit - debit,
            )
        )
    return found
