"""Sync down: what was created, changed or deleted, told to those whom it concerns."""
