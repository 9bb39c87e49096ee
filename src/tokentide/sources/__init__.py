"""Where usage comes from: one folder a source, each turning bytes into records and problems."""
