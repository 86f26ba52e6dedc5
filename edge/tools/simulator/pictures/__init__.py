"""What the simulated cameras see: drawn scenes, and how they are sent."""
