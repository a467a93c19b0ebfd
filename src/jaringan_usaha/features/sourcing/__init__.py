"""Which supplier the group buys from: offers compared, and the choice."""
