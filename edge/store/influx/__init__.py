"""The data centre as an InfluxDB 2: line protocol over its write API."""
