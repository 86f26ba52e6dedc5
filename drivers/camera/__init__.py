"""Cameras as sensors: a child per camera reads its pictures and says what is wrong with them, or in them."""
