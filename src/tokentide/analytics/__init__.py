"""Asks the ledger and answers with plain data; knows no terminal."""
