"""The personal ledger: one SQLite file, used by many processes at once."""
