"""Zigbee devices behind a Zigbee2MQTT bridge."""
