"""What is looked for in a camera's pictures: one module a check, pure on frames."""
