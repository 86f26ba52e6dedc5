"""Who must act, and how they are reached: rosters, orders, escalation, notifications, channels."""
