"""Keeps the ledger up to date for a surface that stays open: reads what is written, asks accounts, raises alerts."""
