"""What fills the context window of a session; how it is measured: docs/explanation/context.md."""
