"""Cameras behind a Frigate NVR, by the events it publishes over MQTT."""
