"""JSON over MQTT as a device maker or DTU sends it: topic patterns name the device, JSON pointers its values."""
