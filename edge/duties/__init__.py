"""The duties room: what comes due by the calendar, the rounds walked for it, and the facilities that are checked."""

from edge.duties.builtin import devices as devices
from edge.duties.builtin import rules as rules
