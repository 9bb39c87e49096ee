"""The organisation's usage, cost and directory, from the vendor's Admin API."""
