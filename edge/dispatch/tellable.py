"""What a site may have a message of its own on: the words that `on` of a [[policy.tell]] can be."""

from __future__ import annotations

from typing import Final

SPOKEN: Final = frozenset({"confirmed", "verdict", "cleared", "recovered"})
"""Of alarms and incidents, where several kinds of facts are one event, or one kind is several."""
GRADED: Final = frozenset(
    {"hazard-general", "hazard-suspected-major", "hazard-major", "hazard-overdue-2", "hazard-overdue-3"}
)
"""Of hazards: by the grade, and by how far the overdue one has climbed."""
_KINDS: Final = {
    "alarm": "raised risen reannunciated returned acked shelved unshelved withheld released stuck reset closed "
    "commented",
    "order": "opened notified accepted rejected reassigned en_route on_site held hold_approved resumed done verified "
    "redone cancelled help_asked overdue undone photo part commented",
    "hazard": "reported assigned interim rectified proved sent_back extension_asked extended extension_refused overdue "
    "closed cancelled commented",
    "incident": "opened joined step_overdue quiet unclosed all_clear closed",
    "handover": "made missed caught_up",
    "watch": "begun ended silent back",
    "outage": "begun resumed ended",
    "duty": "due reminded started found done missed made_up waived",
    "round": "started stop found finished",
    "facility": "soon overdue found good",
    "stock": "wanting well counted",
    "linkage": "started held ended mode",
    "command": "unconfirmed failed refused expired",
}  # fmt: skip
KINDS: Final = frozenset(f"{subject}.{kind}" for subject, kinds in _KINDS.items() for kind in kinds.split())
"""Facts that are events of their own."""
TELLABLE: Final = SPOKEN | GRADED | {kind.replace(".", "-").replace("_", "-") for kind in KINDS}
