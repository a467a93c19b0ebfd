"""Market prices as observed, for comparison and for those who watch inflation."""
