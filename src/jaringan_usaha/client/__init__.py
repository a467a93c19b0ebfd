"""How a point of sale, or any other program, speaks to a running service."""
