"""The double-entry ledger of what each koperasi owes and what it saved."""
