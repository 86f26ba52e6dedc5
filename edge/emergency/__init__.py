"""Emergencies: incidents and what makes them certain, plans being worked, drills, the reserve. Pure."""
