"""UPSs served by Network UPS Tools: the `upsd` of this machine or of another, asked over TCP (RFC 9271)."""
