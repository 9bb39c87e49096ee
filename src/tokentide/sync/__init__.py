"""Brings what the sources say into the ledger, reading nothing twice."""
