"""The team store in the customer's own ClickHouse, one server or a cluster, reached over HTTP."""
