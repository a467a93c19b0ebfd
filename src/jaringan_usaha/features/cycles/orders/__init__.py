"""The orders that koperasi place in a cycle."""
