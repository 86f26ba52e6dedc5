// What a person asks of cameras: a reason to look, a verdict on a finding, a film, a request and its answer.
import { notice } from "./notice.js";
import { byId, civil, now, refusal, say, wall, zone } from "./page.js";
import { ask, send } from "./person.js";

const own = JSON.parse(byId("footage-words")?.textContent ?? "{}");
const write = wall ? ask : send; // at a wall the person's PIN is asked for

// A time of the site's wall clock, as typed, in UTC; the browser may stand in another zone.
export function utcOf(typed) {
  const as = new Date(`${typed}Z`);
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(as);
  const ahead = Date.parse(`${shown.replace(" ", "T")}Z`) - as.getTime();
  return new Date(as.getTime() - ahead - civil).toISOString();
}

function bodyOf(form, button) {
  const body = JSON.parse(form.dataset.body ?? "{}");
  for (const field of form.elements) {
    if (!field.name || field.tagName === "BUTTON" || field.value === "") continue;
    body[field.name] = "time" in field.dataset ? utcOf(field.value) : field.value;
  }
  if (button?.name) body[button.name] = button.value === "yes";
  return body;
}

async function act(button, path, body, done) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { ok, said } = await write(path, body);
    if (!said) return; // nobody entered a PIN
    if (ok) done(said);
    else notice(own[said.code] ?? refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.footage === undefined) return;
  event.preventDefault();
  act(event.submitter ?? form.querySelector("button"), form.dataset.footage, bodyOf(form, event.submitter), () => {
    if ("reloads" in form.dataset) location.reload();
    else notice(form.dataset.says);
  });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button?.closest(".finding")) return;
  act(button, button.dataset.do, JSON.parse(button.dataset.body), () => {
    document.dispatchEvent(new Event("footage:changed"));
    notice(own.judged);
  });
});

// What the cameras no longer hold is no longer offered; a press that waits for its answer is left alone.
function go() {
  for (const form of document.querySelectorAll("[data-goes]")) if (now() >= Number(form.dataset.goes) && !form.querySelector("[aria-busy=true]")) form.remove();
}
setInterval(go, 1000);

export function wake() { for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false; }
wake();
