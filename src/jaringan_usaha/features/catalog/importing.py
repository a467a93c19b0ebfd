"""From a preview to the command that stores exactly that."""

from jaringan_usaha.features.catalog.events import NamedGoods
from jaringan_usaha.features.catalog.import_previews import Previewed
from jaringan_usaha.features.catalog.imports import ConfirmPriceFile
from jaringan_usaha.features.catalog.items import AddItem
from jaringan_usaha.kernel.messages import Asked


def confirmation(asked: Asked, seen: Previewed, digest: str) -> ConfirmPriceFile:
    """What the preview shows, under the digest that people saw."""
    row, found = seen.row, seen.preview
    stored = [(entry, entry.price) for entry in found.entries if entry.price is not None]
    return ConfirmPriceFile(
        asked=asked,
        import_id=row["import_id"],
        seen_digest=digest,
        digest=seen.digest,
        version=row["version"],
        open_questions=tuple(question.id for question in found.questions),
        supplier_id=row["supplier_id"],
        price_list_id=row["price_list_id"],
        valid_from_on=row["valid_from_on"],
        valid_until_on=row["valid_until_on"],
        tier_mode=row["tier_mode"],
        source=row["sha256"],
        rows=tuple(price for _, price in stored),
        compared_with=tuple(
            entry.before.price_list_id if entry.before else "" for entry, _ in stored
        ),
        items=tuple(
            AddItem(
                asked=asked,
                item_id=item.item_id,
                title=item.title,
                base_unit=item.base_unit,
                case_size=item.case_size,
                gtin=item.gtin,
            )
            for item in found.new_items
        ),
        goods=tuple(
            NamedGoods(item_id=entry.item.item_id, title=entry.title, code=entry.code)
            for entry, _ in stored
            if entry.is_newly_named
        ),
        ended={each.item_id: each.price_list_id for each in found.gone if found.ends},
        counts={
            "new": found.count("new"),
            "changed": found.count("changed"),
            "unchanged": found.count("unchanged"),
            "gone": len(found.gone),
            "left_out": found.left_out,
            "ticked": sum(bool(entry.doubts) for entry in found.entries),
            "items_added": len(found.new_items),
        },
    )
