"""Who may send telemetry, and who may look at what of it."""
