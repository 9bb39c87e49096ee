"""HTTP on a socket of ours: uvicorn with patience for slow clients, an end that loses nothing, and TLS."""
