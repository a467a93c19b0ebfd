"""What changes in an order of the group after the cut-off: late withdrawals and transfers."""
