"""The embedded server, tested with real servers in temporary folders."""
