"""What happened to the capital that koperasi pledge and pay."""

from datetime import date
from typing import ClassVar

from jaringan_usaha.kernel.messages import Event


class ShareCommitted(Event):
    """A pledge, not money. The rule and its number say which minimum it was measured by."""

    name: ClassVar[str] = "shares.committed.1"
    koperasi_id: str
    pledge_no: int
    amount_idr: int
    rule: str
    rule_version_no: int


class SharePaid(Event):
    """Money received against the pledge of a koperasi."""

    name: ClassVar[str] = "shares.paid.1"
    koperasi_id: str
    payment_no: int
    amount_idr: int
    paid_on: date
    reference: str
