"""Modbus RTU over serial lines: polling, functions 1 to 4."""
