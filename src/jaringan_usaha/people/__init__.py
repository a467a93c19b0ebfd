"""People: who they are, how they log in, and what a second one lets them do."""
