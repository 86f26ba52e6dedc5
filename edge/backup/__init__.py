"""One file that brings a hub back: made beside a running hub, restored into an empty folder.

line of the passphrase (`sealing`, only with one) › gzip › tar:
    head.json       format, hub, site, schema and columns of each store: what cannot be read is refused at once
    accounts/ journal/ telemetry/   <table>/<number>.msgpack, some rows each (`tables`)
    site/… evidence/… codes.key     files as they stand
    manifest.json   rows, bytes and hash of everything before it, seal of the journal's chain: comes last, so
                    that a file that was cut off has none
"""
