"""Units of goods: a quantity is always a whole count of the item's base unit."""

from typing import Literal, get_args

BaseUnit = Literal["H87", "GRM", "MLT", "KGM", "LTR", "XPK"]
"""UN/CEFACT Recommendation 20 and 21 codes: piece, gram, millilitre, kilogram, litre, pack."""

UNIT_NAMES: dict[str, str] = {
    "H87": "pcs",
    "GRM": "gram",
    "MLT": "mililiter",
    "KGM": "kg",
    "LTR": "liter",
    "XPK": "pak",
}

MOST_UNITS = 2**40  # a million tonnes in grams; keeps every product with a price below 2^93

assert set(UNIT_NAMES) == set(get_args(BaseUnit))
