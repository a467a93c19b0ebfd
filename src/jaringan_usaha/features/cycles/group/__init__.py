"""The one order of the group with each supplier, and what each koperasi may expect of it."""
