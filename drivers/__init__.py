"""One folder per field protocol: I/O in `driver.py`, bytes to readings in `codec.py`."""
