"""Who calls, by what, and what they may."""
