"""What `edge-hub bench` measures, each figure beside a yardstick of the same run. Everything runs in real processes."""
