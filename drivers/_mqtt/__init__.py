"""What all MQTT dialects share: one paho client per listener, its session, its settings, strict JSON.

paho is imported here and nowhere else, and only when a listener starts.
"""
