"""What one person proposed and another one has to approve, of all rooms in one list."""
