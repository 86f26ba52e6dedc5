"""What is run by hand beside the hub: simulator, bench, decode, demo."""
