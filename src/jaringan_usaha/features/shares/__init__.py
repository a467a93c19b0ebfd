"""Capital that koperasi pledge and pay in."""
