"""A year of real retail, sent through the service and checked to the last rupiah."""
