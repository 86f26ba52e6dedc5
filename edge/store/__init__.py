"""The stores: the journal of facts, the telemetry, and the accounts, each one SQLite file with one writer thread."""
