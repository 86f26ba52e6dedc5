"""The panel and the API: they show what the hub knows and pass on what people decide."""
