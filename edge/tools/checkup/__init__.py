"""What `edge-hub doctor` looks at, a module a part: each check gives lines, and one that fails is a line itself."""
