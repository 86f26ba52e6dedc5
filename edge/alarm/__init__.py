"""Alarms: rules, the engine, supervision of devices, shelving, and the desk's sound. Pure: the clock is a value."""
