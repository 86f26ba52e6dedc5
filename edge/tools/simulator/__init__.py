"""Plays the devices of a site over real brokers and real pseudo-terminals; the hub cannot tell them from devices."""
