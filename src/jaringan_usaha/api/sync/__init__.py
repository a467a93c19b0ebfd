"""Sync up: many commands in one request."""
