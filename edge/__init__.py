"""The hub of one residential community: what it hears, what it decides, and whom it calls."""

__version__ = "0.1.0"
