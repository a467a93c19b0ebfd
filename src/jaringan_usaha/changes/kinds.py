"""The kinds of things that are announced: where each is found, and who may look at all of them."""

from dataclasses import dataclass

from jaringan_usaha.api.access.caller import ROLES, TRADERS, Caller, Role

OVERSEERS: frozenset[Role] = frozenset(("operator", "auditor"))
SUPPLIER: frozenset[Role] = frozenset(("supplier",))
OFFICE: frozenset[Role] = frozenset(("office",))
TRADING = TRADERS | OVERSEERS
BOARD = TRADING | OFFICE
SUPPLYING = OVERSEERS | SUPPLIER


@dataclass(frozen=True)
class Kind:
    """`url` is filled with the parts of a thing's id; what is found there may be a list. A key
    with scopes needs `<area>:read`."""

    url: str
    area: str

    def url_of(self, thing_id: str) -> str:
        """Where a thing of this kind is found."""
        return self.url.format(*thing_id.split("|"))


_OF_SUPPLIER = "?cycle_id={}&supplier_id={}"

KINDS = {
    "item": Kind("/v1/items/{}", "catalog"),
    "price-list": Kind("/v1/price-lists/{}", "catalog"),
    "price-import": Kind("/v1/price-imports/{}", "price-imports"),
    "koperasi": Kind("/v1/koperasi/{}", "koperasi"),
    "supplier": Kind("/v1/suppliers/{}", "suppliers"),
    "supplier-account": Kind("/v1/suppliers/{}/accounts", "suppliers"),
    "rule": Kind("/v1/rules", "rules"),
    "share-account": Kind("/v1/koperasi/{}/shares", "shares"),
    "choice": Kind("/v1/choices/{}", "sourcing"),
    "market-prices": Kind("/v1/market-prices?region_code={}", "market-prices"),
    "cycle": Kind("/v1/cycles/{}", "cycles"),
    "minimum": Kind("/v1/cycles/{}/minimums", "cycles"),
    "order": Kind("/v1/orders/{}", "orders"),
    "tier-drop": Kind(f"/v1/tier-drops{_OF_SUPPLIER}", "orders"),
    "consolidated-order": Kind("/v1/consolidated-orders/{}/{}/state", "consolidated-orders"),
    "entitlement": Kind("/v1/cycles/{}/entitlements?supplier_id={}", "consolidated-orders"),
    "receipt": Kind("/v1/receipts/{}", "deliveries"),
    "delivery-state": Kind("/v1/cycles/{}/delivery-states?supplier_id={}", "deliveries"),
    "delivery": Kind("/v1/cycles/{}/deliveries?supplier_id={}", "deliveries"),
    "surplus": Kind(f"/v1/surplus{_OF_SUPPLIER}", "deliveries"),
    "invoice": Kind("/v1/supplier-invoices/{}", "invoicing"),
    "debit-note": Kind(f"/v1/debit-notes{_OF_SUPPLIER}", "invoicing"),
    "invoice-payment": Kind("/v1/invoice-payments?cycle_id={}", "invoicing"),
    "rebate": Kind(f"/v1/rebates{_OF_SUPPLIER}", "invoicing"),
    "charge": Kind("/v1/charges/{}/shares", "invoicing"),
    "cost": Kind(f"/v1/costs{_OF_SUPPLIER}", "invoicing"),
    "sale": Kind("/v1/sales/{}", "sales"),
    "month": Kind("/v1/months/{}", "ledger"),
}

WHOLE: tuple[tuple[str, str, frozenset[Role]], ...] = (
    ("catalog", "/v1/items", frozenset(ROLES)),
    ("catalog", "/v1/price-lists", TRADING | SUPPLIER),
    ("price-imports", "/v1/price-imports", OVERSEERS),
    ("koperasi", "/v1/koperasi", OVERSEERS),
    ("koperasi", "/v1/koperasi/{koperasi_id}", TRADERS - {"operator"}),
    ("suppliers", "/v1/suppliers", TRADING),
    ("suppliers", "/v1/suppliers/{supplier_id}", SUPPLIER),
    ("suppliers", "/v1/suppliers/{supplier_id}/accounts", SUPPLYING),
    ("rules", "/v1/rules", TRADING),
    ("shares", "/v1/koperasi/{koperasi_id}/shares", TRADING),
    ("sourcing", "/v1/choices", TRADING),
    ("market-prices", "/v1/market-prices", BOARD),
    ("cycles", "/v1/cycles", BOARD),
    ("cycles", "/v1/cycles/{cycle_id}/minimums", OVERSEERS),
    ("orders", "/v1/orders?cycle_id={cycle_id}&koperasi_id={koperasi_id}", TRADING),
    ("orders", "/v1/tier-drops", TRADING),
    ("consolidated-orders", "/v1/order-states", SUPPLYING),
    ("consolidated-orders", "/v1/cycles/{cycle_id}/entitlements", TRADING),
    ("deliveries", "/v1/cycles/{cycle_id}/receipts", SUPPLYING),
    ("deliveries", "/v1/cycles/{cycle_id}/delivery-states", SUPPLYING),
    ("deliveries", "/v1/cycles/{cycle_id}/deliveries", TRADING),
    ("deliveries", "/v1/surplus", OVERSEERS),
    ("invoicing", "/v1/supplier-invoices", SUPPLYING),
    ("invoicing", "/v1/debit-notes", SUPPLYING),
    ("invoicing", "/v1/invoice-payments", SUPPLYING),
    ("invoicing", "/v1/rebates", OVERSEERS),
    ("invoicing", "/v1/charges", TRADING),
    ("invoicing", "/v1/costs?cycle_id={cycle_id}", TRADING),
    ("sales", "/v1/sales", TRADING),
    ("ledger", "/v1/months", OVERSEERS),
)
"""Area, list and roles: what there is by now. `{cycle_id}` stands for every cycle."""


def within(caller: Caller, area: str) -> bool:
    """Whether the scopes of the caller's key, if it has any, let it read there."""
    return not caller.scopes or f"{area}:read" in caller.scopes


def lists_for(caller: Caller) -> list[str]:
    """The lists that together show this caller everything; its own ids are filled in."""
    own = {"koperasi_id": caller.koperasi_id, "supplier_id": caller.supplier_id}
    found = []
    for area, path, roles in WHOLE:
        if caller.role in roles and within(caller, area):
            for name, value in own.items():
                path = path.replace(f"{{{name}}}", value) if value else path
            found.append(path)
    return found
