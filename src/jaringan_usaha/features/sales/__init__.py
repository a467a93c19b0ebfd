"""Goods sold by koperasi."""
