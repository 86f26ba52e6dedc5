"""The words of the hub as plain types: standard library only, no I/O, no clock."""
