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

// The page asks anew at once what came of it; not before the button no longer waits, for till then it is left alone.
const changed = () => document.dispatchEvent(new Event("footage:changed"));

async function act(button, path, body, done) {
  if (button.disabled || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  let carriedOut = false;
  try {
    const { ok, said } = await write(path, body);
    if (!said) return; // nobody entered a PIN
    if (ok) {
      carriedOut = true;
      done(said);
    } else notice(own[said.code] ?? refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
    if (carriedOut) changed();
  }
}

// Until the film is there, or why there is none, it is not asked for again.
function making(button) {
  delete button.dataset.wakes;
  button.dataset.making = "";
  button.disabled = true;
  button.textContent = own.making;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.footage === undefined) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  act(button, form.dataset.footage, bodyOf(form, event.submitter), () => {
    if ("films" in form.dataset) making(button);
    if ("reloads" in form.dataset) location.reload();
    else notice(form.dataset.says);
  });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button?.closest(".finding")) return;
  act(button, button.dataset.do, JSON.parse(button.dataset.body), () => notice(own.judged));
});

// What the cameras no longer hold is no longer offered; a press that waits for its answer is left alone.
function go() {
  for (const form of document.querySelectorAll("[data-goes]")) if (now() >= Number(form.dataset.goes) && !form.querySelector("[aria-busy=true]")) form.remove();
}
setInterval(go, 1000);

export function wake(page = document) { for (const button of page.querySelectorAll("[data-wakes]")) button.disabled = false; }
wake();
