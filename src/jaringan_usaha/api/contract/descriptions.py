"""What the contract says of a filter or an id where its route says nothing of its own."""

import re
from typing import Any

FILTERS = {
    "koperasi_id": "only of this koperasi; a koperasi's key asks about its own",
    "supplier_id": "only of this supplier",
    "cycle_id": "only of this cycle",
    "item_id": "only of this item",
}
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def explain_all(operation: dict[str, Any]) -> None:
    """Complete one operation, in place: its title is its id in words."""
    operation["summary"] = in_words(operation["operationId"])
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if "description" in parameter or "description" in parameter["schema"]:
            continue
        if parameter["in"] == "query" and name in FILTERS:
            parameter["description"] = FILTERS[name]
        elif parameter["in"] == "path" and name.endswith("_id"):
            thing = name.removesuffix("_id").replace("_", " ")
            parameter["description"] = f"id of the {thing}, chosen by who first sent it"


def in_words(operation_id: str) -> str:
    """`listPriceRows` is "List price rows"."""
    words = _CAPITAL.sub(" ", operation_id).lower()
    return words[0].upper() + words[1:]
