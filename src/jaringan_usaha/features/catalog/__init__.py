"""What is sold: goods, their units, and suppliers' dated price lists with tiers."""
