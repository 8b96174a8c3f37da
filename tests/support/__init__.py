"""What tests and benchmarks stand on: a stand-in model server, teams of every kind, a Temporal server, workers."""
