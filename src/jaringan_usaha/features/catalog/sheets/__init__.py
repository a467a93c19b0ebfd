"""Suppliers' price tables as files: read with suspicion, understood, questioned, and written."""
