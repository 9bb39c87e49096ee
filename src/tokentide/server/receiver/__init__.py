"""Takes telemetry in, over HTTP and gRPC, and acknowledges it when the write-ahead log has it; a process of its own."""
