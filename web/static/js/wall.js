// The alarm wall: the first alarm, the list beside it, one-key acts.
import "./panel.js";
import { act, cardChanged } from "./actions.js";
import { sayAlive } from "./alive.js";
import { notice } from "./notice.js";
import { byId, say } from "./page.js";
import * as rows from "./rows.js";

const first = byId("first");
const card = () => first.querySelector("[data-alarm]");
let pinned = card().dataset.alarm;
let told = "";
let chosen = null; // id of the alarm the keys act upon; null: the first one that waits

const main = byId("main");
main.addEventListener("htmx:before:swap", rows.beforeSwap);
document.addEventListener("htmx:after:swap", () => {
  if (card().dataset.alarm !== pinned) {
    if (pinned) cardChanged();
    pinned = card().dataset.alarm;
  }
  rows.afterSwap();
  mark();
  tell(Boolean(byId(`fresh-${pinned}`)?.textContent)); // pictures came of it
});

// The handling record and trend of the first alarm: fetched when it changes, the trend also as time goes on.
async function tell(force = false) {
  const { alarm, seq } = card().dataset;
  const version = `${alarm} ${seq}`;
  if (version === told && !force) return;
  told = version;
  byId("record").hidden = !alarm;
  if (!alarm) return;
  await htmx.ajax("GET", `/alarms/${alarm}/record`, { source: byId("record-body"), target: "#record-body", swap: "innerMorph" });
}
setInterval(() => card().dataset.point && tell(true), 5000);

// Keys

function shown() {
  const others = rows.open();
  return pinned ? [card(), ...others] : others;
}

function mark() {
  for (const element of document.querySelectorAll(".chosen[data-alarm]:not(.button)")) element.classList.remove("chosen");
  const element = chosen && shown().find((e) => e.dataset.alarm === chosen);
  if (element) element.classList.add("chosen");
  else chosen = null;
  return element;
}

function step(by) {
  const all = shown();
  if (!all.length) return;
  const index = all.findIndex((e) => e.dataset.alarm === chosen);
  chosen = all[Math.min(all.length - 1, Math.max(0, index + by))].dataset.alarm;
  const element = mark();
  if (element.matches(".row")) element.focus({ preventScroll: true });
  else document.activeElement?.blur();
  element.scrollIntoView({ block: "nearest" });
}

function acknowledge() {
  const waiting = shown().filter((e) => e.querySelector('[data-act="ack"]'));
  const target = waiting.find((e) => e.dataset.alarm === chosen) ?? (chosen ? null : waiting[0]);
  if (!target) {
    notice(say("nothing_to_ack"));
    chosen = null;
    mark();
  } else {
    const button = target.querySelector('[data-act="ack"]');
    // The same look before the key as before the press.
    if (target === card()) button.click();
    else act(button);
    chosen = null;
    mark();
  }
}

const press = (selector) => first.querySelector(selector)?.click();
const KEYS = {
  " ": acknowledge,
  a: acknowledge,
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  m: () => press('[data-act="silence"]'),
  v: () => press("[popovertarget]"),
  r: () => press('[data-act="reset"], [data-why]'),
  "?": () => byId("help").showModal(),
  Enter: () => location.assign(`/alarms/${mark()?.dataset.alarm ?? pinned}`),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const on = event.target;
  if (on.matches("input, textarea, select") || document.querySelector("dialog[open], :popover-open")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // A button that went with its dialog may hold the focus for a moment yet.
  if (on.matches("button, a, summary") && on.checkVisibility() && (key === " " || key === "Enter")) return;
  if (key === "Enter" && !mark() && !pinned) return;
  const run = KEYS[key];
  if (!run) return;
  event.preventDefault();
  run();
});

tell();
sayAlive(true);
