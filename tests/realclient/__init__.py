"""The real Claude Code client, run against a loopback stand-in for the API: an oracle for what a response costs."""
