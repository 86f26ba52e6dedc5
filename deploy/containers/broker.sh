#!/bin/sh
# What edge-hub-broker.service does elsewhere: a damaged store is moved aside first, at which Mosquitto would end each time.
care="/opt/edge-hub/bin/python -I -m edge.tools.broker_care --state /mosquitto/data"
$care || true
(
    until grep -q ':22B3 [0-9A-F:]* 0A' /proc/net/tcp /proc/net/tcp6; do sleep 1; done # 8883 is listened on
    exec $care --started
) &
exec /usr/sbin/mosquitto -c /mosquitto/config/mosquitto.conf
