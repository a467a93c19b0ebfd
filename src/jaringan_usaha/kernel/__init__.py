"""Words that the whole house shares; this room imports nothing of ours."""
