"""The panel's words for what the hub calls by a code: signals, states, priorities, qualities, facts, refusals.

Each table gives the English message id; it is translated where it is shown.
"""

from __future__ import annotations

from typing import Final

from edge.domain.alarm import Alarm, AlarmState
from edge.domain.device import Signal
from edge.domain.lifecycle import VITAL
from edge.domain.reading import Quality, Reason
from edge.domain.rule import Priority
from web.i18n import mark as _
from web.pages import camera_kinds, drill_kinds, duty_kinds, hazard_kinds, incident_kinds, power_kinds

SIGNALS: Final = {
    Signal.FIRE: _("Fire"),
    Signal.GAS: _("Gas"),
    Signal.SOS: _("SOS"),
    Signal.FAULT: _("Fault"),
    Signal.SUPERVISORY: _("Supervisory"),
    Signal.DISABLEMENT: _("Disabled"),
    Signal.PROCESS: _("Limit exceeded"),
}
PRIORITIES: Final = {
    Priority.URGENT: _("Urgent"),
    Priority.HIGH: _("High"),
    Priority.MEDIUM: _("Medium"),
    Priority.LOW: _("Low"),
}
STATES: Final = {
    AlarmState.UNACKNOWLEDGED: _("Unacknowledged"),
    AlarmState.ACKNOWLEDGED: _("Acknowledged"),
    AlarmState.RETURNED: _("Returned, unacknowledged"),
    AlarmState.LATCHED_UNACKNOWLEDGED: _("Latched, unacknowledged"),
    AlarmState.LATCHED: _("Latched, awaiting reset"),
    AlarmState.NORMAL: _("Closed"),
}
QUALITIES: Final = {
    Quality.GOOD: _("Good"),
    Quality.UNCERTAIN: _("Reading doubtful"),
    Quality.BAD: _("Not usable"),
}
REASONS: Final = {
    Reason.STALE: _("overdue"),
    Reason.OUT_OF_RANGE: _("outside the physical range"),
    Reason.DEVICE_FAULT: _("device fault"),
    Reason.CALIBRATING: _("calibrating"),
    Reason.CLOCK: _("device clock wrong"),
    Reason.RATE: _("sent too often"),
}
TEXTS: Final = {
    "open": _("open"),
    "closed": _("closed"),
    "on": _("on"),
    "off": _("off"),
    "auto": _("automatic"),
    "manual": _("manual"),
}
"""Texts that devices report as a state."""
VERDICTS: Final = {
    "real": _("Confirmed real"),
    "false": _("False alarm"),
    "fault": _("Device fault"),
    "test": _("Test"),
}
CAUSES: Final = {
    "cooking": _("Cooking fumes"),
    "steam": _("Bathroom steam"),
    "smoking": _("Smoking"),
    "dust": _("Building dust"),
    "welding": _("Welding"),
    "insecticide": _("Insect spray"),
    "insects": _("Insects, dust inside"),
    "moisture": _("Damp, condensation"),
    "ageing": _("Device ageing"),
    "person": _("Set off by a person"),
    "unknown": _("Cause unknown"),
}
ROLES: Final = {
    "guard": _("Control-room operator"),
    "maintenance": _("Crew"),
    "admin": _("System admin"),
    "wall": _("Alarm wall"),
}
CATEGORIES: Final = {
    "smoke-detector": _("Smoke detector"),
    "heat-detector": _("Heat detector"),
    "gas-detector": _("Gas detector"),
    "co-detector": _("CO detector"),
    "call-point": _("Call point"),
    "sos-button": _("SOS button"),
    "electrical-fire-monitor": _("Electrical fire monitor"),
    "bin": _("Waste bin"),
    "water-probe": _("Water probe"),
    "level-sensor": _("Level sensor"),
    "contact": _("Door contact"),
    "siren": _("Siren"),
    "gas-valve": _("Gas valve"),
    "relay": _("Relay"),
    "fan": _("Fan"),
    "noise-sensor": _("Noise sensor"),
    "load": _("Load test"),
    "camera": _("Camera"),
    "hub": _("The hub itself"),
}
ARMED: Final = {
    "starting": _("Not armed yet"),
    "armed": _("Armed"),
    "degraded": _("Armed, degraded"),
}
CHECKS: Final = {
    "beat": _("Self-test"),
    "journal": _("Journal"),
    "telemetry": _("Telemetry"),
    "stall": _("Storing of readings"),
    "store-journal": _("Journal's file whole"),
    "store-telemetry": _("Readings' file whole"),
    "store-accounts": _("Accounts' file whole"),
    "store-mosquitto": _("Broker's store whole"),
    "disk": _("Disk"),
    "card": _("Wear of the card"),
    "backup": _("Backup"),
    "pictures": _("Pictures as evidence"),
    "clock": _("Clock"),
    "loop": _("Main loop"),
    "annunciation": _("Sound of the desk"),
    "outside": _("Ways out to people"),
    "program": _("Program"),
}
STARTS: Final = {
    "first": _("first start"),
    "stopped": _("stopped and started by hand or by an upgrade"),
    "killed": _("the hub had ended without a word: crash, or ended by the system"),
    "rebooted": _("the machine was restarted in order"),
    "power": _("the machine had gone off without a word: power cut, plug or reset button"),
    "panic": _("the machine's kernel had crashed"),
    "watchdog": _("the hardware watchdog restarted a machine that hung"),
}
"""Why the hub was started, by the cause of the fact `hub.started`."""
COUNTERS: Final = {
    "connects": _("connections"),
    "sent": _("sent"),
    "repeated": _("sent again in doubt"),
    "resent": _("sent once more as asked"),
    "set_aside": _("lines set aside"),
    "lost": _("dropped unsent"),
    "behind": _("waiting to be sent"),
    "failures": _("failed connections"),
    "sessions_lost": _("sessions lost"),
    "redelivered": _("redelivered"),
    "retained": _("retained"),
    "too_large": _("too large"),
    "bad_topic": _("bad topic"),
    "overflow": _("overflow"),
    "held": _("receipts held"),
    "stale_receipts": _("late receipts"),
    "loopbacks": _("own test messages back"),
    "published": _("published"),
    "confirmed": _("taken by the broker"),
    "open": _("on show now"),
    "cleared": _("taken away again"),
    "refused": _("refused"),
    "frames": _("frames"),
    "bytes": _("bytes"),
    "polls": _("polls"),
    "ok": _("answers"),
    "timeouts": _("time-outs"),
    "crc_errors": _("checksum errors"),
    "noise_bytes": _("bytes of noise"),
    "reopened": _("times opened anew"),
    "writes": _("orders"),
    "written": _("orders carried out"),
    "connected": _("connections"),
    "beats": _("heartbeats"),
    "findings": _("findings"),
    "restarts": _("restarts"),
    "stuck": _("times it stood still"),
    "crc": _("checksum errors"),
    "foreign": _("answers of others"),
    "noise": _("noise"),
    "exceptions": _("exceptions"),
    "response_ms": _("answer time ms"),
}
REJECTED: Final = {
    "malformed": _("not readable"),
    "message": _("a short message not readable"),
    "refused": _("the UPS server refuses it"),
    "refused_by_uplink": _("the data centre refuses it"),
    "codec_defect": _("the codec failed at it"),
    "engine_defect": _("the alarm rules failed at it"),
    "bad_field": _("a value that cannot be"),
    "wrong_type": _("a value of another kind"),
    "unknown_word": _("an unknown word for a state"),
    "not_a_number": _("not a finite number"),
    "unit": _("a unit that does not fit"),
    "unknown_device": _("unknown device"),
    "repeated": _("sent once more"),
    "out_of_order": _("overtaken by a newer one"),
    "bad_topic": _("topic not readable"),
    "too_large": _("too large"),
    "too_long": _("too long"),
    "overflow": _("overflow"),
    "queue_full": _("more came than could be taken"),
    "exception": _("exceptions"),
    "crc": _("checksum errors"),
    "foreign": _("answers of others"),
    "noise": _("noise"),
}
HANDED: Final = {
    "keys": _("Keys of the building"),
    "panel_keys": _("Keys of the fire panel"),
    "radios": _("Radios"),
    "phone": _("Duty phone"),
    "logbook": _("Logbook"),
}
"""What goes from hand to hand at a hand-over."""
ASIDE: Final = {
    "hot_work": _("Hot work on site"),
    "building_work": _("Building work, dust"),
    "repair": _("Repair under way"),
    "known_fault": _("Known fault, repair ordered"),
    "cleaning": _("Cleaning or disinfection"),
    "test": _("Test or maintenance"),
}
"""Why something is put aside for a while."""
KINDS: Final = {
    **hazard_kinds.KINDS,
    **incident_kinds.KINDS,
    **duty_kinds.FACTS,
    **drill_kinds.KINDS,
    **camera_kinds.KINDS,
    **power_kinds.KINDS,
    "alarm.raised": _("Alarm raised"),
    "alarm.risen": _("Level risen"),
    "alarm.reported": _("Reported again"),
    "alarm.reannunciated": _("Reported again, sounds anew"),
    "alarm.returned": _("Back to normal on site"),
    "alarm.acked": _("Acknowledged"),
    "alarm.verdict": _("Verdict given"),
    "alarm.reset": _("Reset"),
    "alarm.closed": _("Closed"),
    "alarm.shelved": _("Shelved"),
    "alarm.unshelved": _("Shelving ended"),
    "alarm.withheld": _("Kept quiet: device out of service"),
    "alarm.released": _("Device in service again"),
    "alarm.commented": _("Remark"),
    "alarm.stuck": _("Not reset for 24 hours"),
    "desk.silenced": _("Desk silenced"),
    "desk.sounding": _("Desk sounds again"),
    "session.opened": _("Signed in"),
    "session.closed": _("Signed out"),
    "session.refused": _("Sign-in refused"),
    "bundle.exported": _("An incident bundle was exported"),
    "device.adopted": _("Device adopted"),
    "uplink.caught_up": _("Data centre has caught up"),
    "uplink.resent": _("Readings sent once more"),
    "hub.started": _("Hub started"),
    "log.downloaded": _("Log downloaded"),
    "hub.restored": _("Hub restored from a backup"),
    "backup.asked": _("Backup asked for"),
    "backup.made": _("Backup made"),
    "backup.failed": _("Backup failed"),
    "backup.copied": _("Backup copied to a target"),
    "backup.not_copied": _("Backup not copied to a target"),
    "backup.rehearsed": _("Backup rehearsed"),
    "backup.held": _("Backups held: the journal was lost"),
    "backup.released": _("Held backups let go"),
    "account.created": _("Account created"),
    "account.changed": _("Account changed"),
    "account.removed": _("Account removed"),
    "account.pin": _("PIN changed"),
    "account.code": _("One-time code made"),
    "account.code_used": _("One-time code used, own password set"),
    "account.code_over": _("One-time code over"),
    "account.restored": _("Accounts brought back from their copy"),
    "store.begun_anew": _("A store was lost and begun anew"),
    "storage.giving_up": _("Disk short: something begins to be given up"),
    "storage.exhausted": _("Disk short: nothing left to give up"),
    "storage.eased": _("Disk has room again"),
    "pin.refused": _("PIN refused"),
    "wall.made": _("Screen made an alarm wall"),
    "wall.person": _("Came to the wall"),
    "household.shown": _("Household shown"),
    "watch.begun": _("Away from the desk with the phone"),
    "watch.silent": _("No sign of life from the phone of who is away"),
    "watch.back": _("Sign of life again"),
    "watch.ended": _("Back at the desk"),
    "handover.made": _("Handed over"),
    "handover.ended": _("Watch ended"),
    "handover.missed": _("Hand-over missed"),
    "handover.caught_up": _("Missed hand-over made up"),
    "outage.begun": _("Taken out of service"),
    "outage.resumed": _("Out of service goes on after a restart"),
    "outage.ended": _("Put back into service"),
    "command.queued": _("Output ordered"),
    "command.sent": _("Order sent to the output"),
    "command.written": _("Bus or broker took the order"),
    "command.failed": _("The order could not be sent"),
    "command.confirmed": _("Feedback received"),
    "command.unconfirmed": _("Activated, no feedback"),
    "command.refused": _("Order refused: gas may be there"),
    "command.superseded": _("Order superseded by another"),
    "command.expired": _("Order to an output that is gone"),
    "output.changed": _("Output changed without an order"),
    "linkage.started": _("Linkage started"),
    "linkage.held": _("Linkage held: mode manual"),
    "linkage.ended": _("Linkage ended with its alarm"),
    "linkage.mode": _("Linkage switched over"),
    "escalation.started": _("Calling people began"),
    "escalation.step": _("People called"),
    "escalation.deferred": _("Calling waits until the quiet hours end"),
    "escalation.stopped": _("Calling people ended"),
    "escalation.exhausted": _("Everybody was called, nobody answered"),
    "escalation.tell": _("People told"),
    "notification.queued": _("Message waits to be sent"),
    "notification.sending": _("Message being sent"),
    "notification.sent": _("Message accepted by the channel"),
    "notification.retrying": _("Message to be sent again"),
    "notification.unneeded": _("Message under way, needed no more"),
    "notification.silent": _("No answer on this channel: the next one"),
    "notification.delivered": _("Message delivered"),
    "notification.seen": _("Message shown"),
    "notification.answered": _("Message answered"),
    "notification.failed": _("Message not sent"),
    "notification.folded": _("Message told in another one"),
    "notification.dropped": _("Message no longer needed"),
    "notification.stranger": _("Answer from an unknown number"),
    "notification.remark": _("Words of a person on a channel"),
    "token.created": _("Token issued"),
    "token.removed": _("Token withdrawn"),
    "order.opened": _("Order opened"),
    "order.notified": _("Crew told"),
    "order.accepted": _("Order accepted"),
    "order.rejected": _("Order rejected"),
    "order.reassigned": _("Order handed over"),
    "order.en_route": _("Set off"),
    "order.on_site": _("Arrived"),
    "order.held": _("On hold"),
    "order.hold_approved": _("Hold approved"),
    "order.resumed": _("Work goes on"),
    "order.done": _("Work finished"),
    "order.verified": _("Verified"),
    "order.redone": _("Sent back"),
    "order.cancelled": _("Cancelled"),
    "order.overdue": _("Order overdue"),
    "order.photo": _("Photo added"),
    "order.part": _("Part used"),
    "order.commented": _("Remark"),
    "order.help_asked": _("Help asked for"),
    "order.undone": _("Step taken back"),
}
SKIPPED: Final = _("skipped")
UNDER_WAY: Final = frozenset(
    {"notification.queued", "notification.sending", "command.queued", "command.sent"}
    | {"stills.asked", "stills.kept", "stills.dated", "finding.alarmed", "footage.viewed"}
)
"""Kinds of facts that the story of an alarm leaves out (the journal has them): what came of them follows."""
DETAILS: Final = {
    "address": _("from %(value)s"),
    "name": "%(value)s",
    "id": "%(value)s",
    "source": _("over %(value)s"),
    "profile": _("profile %(value)s"),
}
"""How what a fact says beside its kind is written; what is not named here is for programs."""
MADE_UP: Final = _("sent %(sent)s, sent again %(repeated)s, set aside %(rejected)s, lost %(lost)s")
GROUPS: Final = {
    "": _("Everything"),
    "alarm.": _("Alarms"),
    "desk.": _("Desk sound"),
    "session.": _("Sign-ins"),
    "device.": _("Devices"),
    "account.": _("Accounts"),
    "uplink.": _("Data centre"),
    "wall.": _("Alarm wall"),
    "outage.": _("Out of service"),
    "household.": _("Households"),
    "handover.": _("Hand-over"),
    "order.": _("Work orders"),
    "hazard.": _("Hazards"),
    **duty_kinds.SUBJECTS,
    **drill_kinds.SUBJECTS,
    **camera_kinds.SUBJECTS,
    "incident.": _("Incidents"),
    "command.": _("Commands"),
    "linkage.": _("Linkage"),
    "escalation.": _("Calls"),
    "notification.": _("Messages"),
    "token.": _("Tokens"),
    "backup.": _("Backups"),
    "hub.": _("The hub itself"),
}
REFUSALS: Final = {
    **hazard_kinds.REFUSALS,
    **incident_kinds.REFUSALS,
    **duty_kinds.REFUSALS,
    **drill_kinds.REFUSALS,
    **camera_kinds.REFUSALS,
    **power_kinds.REFUSALS,
    "not_found": _("There is no such alarm any more."),
    "not_acknowledged": _("Acknowledge first, then reset."),
    "still_active": _("Still in alarm on site: cannot reset."),
    "closed": _("This alarm is closed already."),
    "reason_required": _("A reason is needed."),
    "not_shelvable": _("This alarm cannot be shelved."),
    "of_drill": _("This alarm is of a drill: no work order and no hazard come of it."),
    "too_long": _(
        "That is too long, or over already: shelving lasts 8 hours at most, out of service 7 days."
    ),
    "second_person": _("Fire, gas and SOS need a second person."),
    "same_person": _("The second person must be another one."),
    "no_backup": _("No backups are set up: add [backup] to site.toml."),
    "clock": _("The clock is not certain, and backups are named and kept by it: set it first."),
    "gas_zone": _("Gas may be there: only gas valves close and explosion-proof outputs are switched."),
    "close_only": _("A gas valve is only closed from here: reset on site, reopened by hand."),
    "automatic": _("The desk beacon follows the alarms: silence the desk instead."),
    "out_of_service": _("The device is out of service already."),
    "wrong_pin": _("This PIN is wrong."),
    "pin_locked": _("Too many wrong PINs: this person is locked for now. Others can go on."),
    "weak_pin": _("4 to 8 digits, and not so easy to guess."),
    "wrong_credentials": _("The password is wrong."),
    "person_required": _("Choose your name and enter your PIN."),
    "not_saved": _(
        "The journal cannot be written now: this must wait. Acknowledging and silencing still work."
    ),
    "forbidden": _("Your role may not do this."),
    "unauthenticated": _("Signed out. Sign in again."),
    "csrf": _("This page is out of date. Load it again."),
}


def ack_word(alarm: Alarm) -> str:
    """What acknowledging is called: 接警 for emergencies, 知悉 for all else."""
    return _("Acknowledge") if alarm.signal in VITAL else _("Noted")


def acked_word(alarm: Alarm) -> str:
    """What having acknowledged is called, where the person stands beside it."""
    return _("Acknowledged") if alarm.signal in VITAL else _("Noted")


def acked_words(alarm: Alarm) -> str:
    """The same in a sentence with the person: `who`."""
    return _("Acknowledged by %(who)s") if alarm.signal in VITAL else _("Noted by %(who)s")


def state_word(alarm: Alarm, *, certain: bool = False) -> str:
    """Where the alarm stands, as a guard says it. certain: there is nothing left to verify, for its incident is."""
    emergency = alarm.signal in VITAL
    match alarm.state:
        case AlarmState.NORMAL:
            return _("Closed")
        case AlarmState.UNACKNOWLEDGED | AlarmState.LATCHED_UNACKNOWLEDGED:
            return _("Awaiting acknowledgement") if emergency else _("To be noted")
        case AlarmState.RETURNED:
            return _("Returned, awaiting acknowledgement") if emergency else _("Returned, to be noted")
        case AlarmState.LATCHED if alarm.verdict is not None:
            return _("Awaiting reset")
        case _ if emergency and alarm.verdict is None and not certain:
            return _("To verify")
        case AlarmState.LATCHED:
            return _("Awaiting reset")
    return _("Acknowledged") if emergency else _("Already noted")


def reset_hurdle(alarm: Alarm) -> str | None:
    """Why a latched alarm cannot be reset now, None when it can."""
    if alarm.active:
        return REFUSALS["still_active"]
    return None if alarm.acked else REFUSALS["not_acknowledged"]
