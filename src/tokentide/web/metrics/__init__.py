"""`/metrics`: what Prometheus scrapes, of the ledger and of this server."""
