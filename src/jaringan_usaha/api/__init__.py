"""Manners of the HTTP door, shared by every route."""
