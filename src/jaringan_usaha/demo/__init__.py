"""The story that shows what it is for: a hundred koperasi of Bandung buy together."""
