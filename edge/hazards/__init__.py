"""Hazards 隐患排查治理: the register, what people do about them, and what proves that the cause is gone."""
