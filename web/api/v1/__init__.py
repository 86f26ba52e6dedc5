"""API version 1: routes by subject, and the JSON shapes they all share."""
