"""Power and clock of the hub itself: what may be believed of the civil clock, how long it was off, when it rests."""
