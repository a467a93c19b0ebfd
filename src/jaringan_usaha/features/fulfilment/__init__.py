"""Goods received, and shared out fairly."""
