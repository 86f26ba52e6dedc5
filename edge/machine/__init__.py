"""What the hub knows of the machine it runs on, as points of the built-in device "hub", and why it was started."""
