"""Steps 1 and 2 of the line: from bytes of a source to readings of points."""
