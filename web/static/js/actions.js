// What a person presses: one request, the button held until the answer, the refusal said in words.
import { byId, clock, now, people, refusal, say } from "./page.js";
import { ask } from "./person.js";
import { notice } from "./notice.js";
import { play } from "./sound.js";

const HOLD = 1000;
const LOOK = 600; // a card that has just changed under the finger is not pressed by accident

let changedAt = -LOOK;
export function cardChanged() { changedAt = performance.now(); }

const path = (act, alarm) => (act === "silence" ? "/api/v1/desk/silence" : `/api/v1/alarms/${alarm}/${act}`);

// What a button says, and what the form around it says besides: why, and from now on for how long.
function bodyOf(button) {
  const body = button.dataset.body ? JSON.parse(button.dataset.body) : {};
  const { minutes } = button.dataset;
  if (!minutes) return body;
  const fields = Object.fromEntries(new FormData(button.closest("form")));
  return { ...body, ...fields, until: new Date(now() + minutes * 60_000).toISOString() };
}

// The answer to an act, in words, where the picture alone does not say it.
function report(act, said, began) {
  if (act === "ack" && said.acked_at && Date.parse(said.acked_at) < began - 1500) {
    notice(say("acked_by", { who: people[said.acked_by] ?? said.acked_by, time: clock(Date.parse(said.acked_at)) }));
  } else if (said.persisted === false) {
    notice(say("not_saved"));
  } else if (act === "silence") {
    notice(say("silenced"));
  }
}

export async function act(button, name = button.dataset.act) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const began = Date.now();
  try {
    const { ok, said } = await ask(path(name, button.dataset.alarm), bodyOf(button));
    if (!said) return; // nobody entered a PIN
    button.closest("[popover]")?.hidePopover();
    if (ok) report(name, said, began);
    else notice(refusal(said.code, said.detail), true);
    if (ok && (button.dataset.reload || button.closest("[data-reloads]"))) location.reload();
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("click", (event) => {
  const hurdle = event.target.closest("[data-why]");
  if (hurdle) notice(hurdle.dataset.why, true);
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.closest("#first") && performance.now() - changedAt < LOOK) notice(say("too_fast"));
  else act(button);
});

// Confirming a fire takes a held press, by finger, mouse or key.
let held = null;
function press(button) {
  if (held || !button) return;
  button.classList.add("holding");
  held = { button, timer: setTimeout(() => { const b = held.button; release(); act(b, b.dataset.hold); }, HOLD) };
}
function release(early = false) {
  if (!held) return;
  clearTimeout(held.timer);
  held.button.classList.remove("holding");
  held = null;
  if (early) notice(say("hold"));
}
document.addEventListener("pointerdown", (event) => event.button === 0 && press(event.target.closest("[data-hold]")));
document.addEventListener("pointerup", () => release(true));
document.addEventListener("pointercancel", () => release());
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[data-hold]");
  if (button && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    press(button);
  }
});
document.addEventListener("keyup", () => release(true));

// Forms that speak JSON: a comment, a forced reset.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-form]");
  if (!form) return;
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  const button = form.querySelector("button");
  button.dataset.alarm = form.dataset.alarm;
  button.dataset.body = JSON.stringify({ ...JSON.parse(form.dataset.body ?? "{}"), ...fields });
  button.dataset.reload = "yes";
  act(button, form.dataset.form);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) byId("help").showModal();
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest("[data-play]")) play(event.target.closest("[data-play]").dataset.play);
});

// A device into and out of service.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-outage]");
  if (!button) return;
  try {
    const { ok, said } = await ask(button.dataset.outage, button.dataset.minutes ? bodyOf(button) : undefined);
    if (ok) location.reload();
    else if (said) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  }
});

// What does nothing without a script can be pressed from now on: a press must not be lost while the page loads.
for (const button of document.querySelectorAll("[data-wakes=actions]")) button.disabled = false;
