"""A team server's store, asked over HTTP."""
