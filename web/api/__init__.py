"""The HTTP API; one folder per version of its words."""
