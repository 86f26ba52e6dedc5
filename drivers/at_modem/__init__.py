"""A GSM or 4G modem on a serial line: text messages, ring calls, and how well the network is heard."""
