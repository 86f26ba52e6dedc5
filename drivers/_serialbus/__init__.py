"""The one owner of pyserial: serial lines that open, read, write and come back, for every driver that speaks on one."""
