"""The team server: takes telemetry in, keeps it, and tells a team what it uses."""
