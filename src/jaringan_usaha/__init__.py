"""Jaringan usaha koperasi: many koperasi, one order, one better price, every step recorded."""

__version__ = "0.1.0"
