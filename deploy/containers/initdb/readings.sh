#!/bin/bash
# Run by InfluxDB's own entrypoint, once, after it set itself up: least rights for the hub and for Grafana.
set -euo pipefail
umask 027
bucket=$DOCKER_INFLUXDB_INIT_BUCKET_ID
org=$DOCKER_INFLUXDB_INIT_ORG

# The hub: writes readings, reads its own mark back.
influx auth create --org "$org" --description edge-hub --read-bucket "$bucket" --write-bucket "$bucket" --json |
    sed -n 's/^[[:space:]]*"token": "\(.*\)",\{0,1\}$/\1/p' >/run/influxdb-hub/token.new
[ -s /run/influxdb-hub/token.new ]
mv /run/influxdb-hub/token.new /run/influxdb-hub/token

# Grafana asks in InfluxQL: a name as a database, and an account that may read only.
influx v1 dbrp create --org "$org" --bucket-id "$bucket" --db readings --rp autogen --default
influx v1 auth create --org "$org" --username grafana --password "$(cat /run/secrets/influxdb_reader)" --read-bucket "$bucket"
