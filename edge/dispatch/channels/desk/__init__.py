"""Desk and LAN page: what the hub's own screens show. Recorded is sent; a wall's sign of life is seen."""

from edge.dispatch.channels.desk.channel import DeskChannel as DeskChannel
