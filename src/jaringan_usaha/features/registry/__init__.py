"""Who takes part: koperasi, suppliers, and the dated rules that bind them."""
