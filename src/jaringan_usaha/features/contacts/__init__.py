"""Whom to call: persons of koperasi and suppliers, whose data can be erased."""
