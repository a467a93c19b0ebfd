"""Buying cycles, the orders in them, and what they become at the cut-off."""
