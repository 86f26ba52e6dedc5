// An incident as its plan being worked: one tap a step, reports with photos, the household; the picture follows the log.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, csrf, language, say, wall, words } from "./page.js";
import { ask, send } from "./person.js";
import { asBlob } from "./picture.js";

const AGAIN = 5000;
const own = JSON.parse(byId("incident-words")?.textContent ?? "{}");
const write = wall ? ask : send; // at a wall the person's PIN is asked for
const refusal = (said) => own[said.code] ?? words.refused[said.code] ?? said.detail;

// -- the picture follows what happens ------------------------------------------------------------------------------

const parts = () => [...document.querySelectorAll("[data-refreshes]")];
const busy = () => parts().some((part) => part.querySelector(":popover-open, details[open]:not([data-fold]), [aria-busy=true], [data-armed]") || (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")));
let waiting = null;

async function refresh() {
  waiting = null;
  if (busy()) {
    follow();
    return;
  }
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (!answer?.ok || busy()) {
    follow();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.dataset?.do;
  for (const part of parts()) {
    const other = part.id ? fresh.getElementById(part.id) : null;
    if (!part.id) continue;
    if (!other) location.reload(); // it is another page now: all clear, closed
    else fold(other, part);
    if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
  }
  if (focused) document.querySelector(`[data-do="${CSS.escape(focused)}"]`)?.focus();
  wake();
}

// On a phone what is over, and what is looked up, is folded until somebody opens it, and stays as it was left.
function fold(inside, before) {
  for (const each of inside.querySelectorAll("details[data-fold]")) each.open = before?.querySelector(`#${each.id}`)?.open ?? !matchMedia("(max-width: 760px)").matches;
}
fold(document);

function follow() { waiting ??= setTimeout(refresh, 300); }
document.addEventListener("footage:changed", follow);
setInterval(() => { if (!document.hidden && document.querySelector("[data-making]")) follow(); }, 3000); // a film

for (const mark of document.querySelectorAll(".fresh")) new MutationObserver(follow).observe(mark, { childList: true, characterData: true, subtree: true });

// -- what a person presses -----------------------------------------------------------------------------------------

function armed(button) {
  if (!button.dataset.twice || button.dataset.armed) return true;
  const before = button.textContent;
  button.dataset.armed = "yes";
  button.textContent = button.dataset.twice;
  setTimeout(() => {
    delete button.dataset.armed;
    button.textContent = before;
  }, AGAIN);
  return false;
}

async function pressed(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// What was asked for, when it was done; what went wrong is said.
async function done(path, body) {
  const { ok, said } = await write(path, body);
  if (said && !ok) notice(refusal(said), true);
  return ok ? said : null;
}

const bodyOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "").map(([name, value]) => [name, form.elements[name].type === "checkbox" || value]));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || !armed(button)) return;
  pressed(button, async () => {
    if (!(await done(button.dataset.do, JSON.parse(button.dataset.body ?? "{}")))) return;
    if (parts().length && document.querySelector(".fresh")) follow();
    else location.reload();
  });
});

// -- photos --------------------------------------------------------------------------------------------------------

async function photograph(path, file) {
  let picture;
  try {
    picture = await asBlob(file);
  } catch {
    notice(own.bad_picture, true);
    return false;
  }
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": csrf, "Idempotency-Key": key },
      body: picture,
      signal: AbortSignal.timeout(120_000),
    });
    if (!answer.ok) notice(refusal(await answer.json()), true);
    return answer.ok;
  } catch {
    notice(own.photo_failed, true);
    return false;
  }
}

async function photographs(path, files) {
  if (!files.length) return true;
  byId("uploading").textContent = own.uploading;
  let kept = true;
  for (const file of files) kept = (await photograph(path, file)) && kept;
  byId("uploading").textContent = "";
  return kept;
}

// -- forms ---------------------------------------------------------------------------------------------------------

async function report(form) {
  const said = await done(form.dataset.report, bodyOf(form));
  if (!said) return;
  const kept = await photographs(`${form.dataset.report}/${said.reports.at(-1).id}/photos`, form.elements.photo.files);
  if (kept) location.reload();
  else setTimeout(() => location.reload(), 3000); // the words are kept; the photo can be sent with another report
}

async function fromScene(form) {
  const { scene: alarm } = form.dataset;
  const { kind, cause, note = "" } = bodyOf(form);
  const files = form.elements.photo.files;
  if (!kind && !note && !files.length) return;
  if (kind && !(await done(`/api/v1/alarms/${alarm}/verdict`, { kind, cause: kind === "false" ? cause : "", note: note || null }))) return;
  if (!kind && note && !files.length && !(await done(`/api/v1/alarms/${alarm}/comment`, { note }))) return;
  const words_ = kind ? "" : `?note=${encodeURIComponent(note.slice(0, 500))}`;
  const kept = await photographs(`/api/v1/alarms/${alarm}/photos${words_}`, files);
  if (kept) location.reload();
  else setTimeout(() => location.reload(), 3000);
}

// What was asked for is done: the form goes, the page follows, and what is half written elsewhere stays.
function shut(form) {
  if (form.matches(":popover-open")) form.hidePopover();
  const folded = form.closest("details");
  if (folded) folded.open = false;
  document.activeElement?.blur();
  follow();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const { post, report: reports, scene } = form.dataset;
  if (post === undefined && reports === undefined && scene === undefined && !("open" in form.dataset)) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (!armed(button)) return;
  pressed(button, async () => {
    if (reports) await report(form);
    else if (scene) await fromScene(form);
    else {
      const said = await done(post ?? "/api/v1/incidents", bodyOf(form));
      if (!said) return;
      if ("open" in form.dataset) location.assign(`/incidents/${said.id}`);
      else shut(form);
    }
  });
});

// The text of a report is made of what is known, until somebody has written in it.
const prefilled = JSON.parse(byId("prefilled")?.textContent ?? "{}");
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (event.target.name === "kind" && form?.dataset.report) {
    const text = form.elements.note;
    if (!text.value || Object.values(prefilled).includes(text.value)) text.value = prefilled[event.target.value] ?? "";
  }
  if (event.target.name === "kind" && form?.dataset.scene) {
    form.querySelector("[data-cause]").hidden = event.target.value !== "false";
    const button = form.querySelector("button");
    if (event.target.value === "real") button.dataset.twice = button.dataset.sure;
    else delete button.dataset.twice; // only a real one takes two presses
  }
});

// -- the household -------------------------------------------------------------------------------------------------

const boxes = [...document.querySelectorAll("section.household")]; // one for each flat

function line(contact) {
  const item = document.createElement("li");
  const who = document.createElement("span");
  who.textContent = `${contact.relation[language]} ${contact.name}`;
  const link = document.createElement("a");
  link.className = "button";
  link.href = `tel:${contact.phone.replaceAll(" ", "")}`;
  link.textContent = `☎ ${contact.phone}`;
  item.append(who, link);
  return item;
}

function hide(box) {
  box.querySelector("[data-shown]").hidden = true;
  box.querySelector("[data-marks]").replaceChildren();
  box.querySelector("[data-contacts]").replaceChildren();
}

async function show(box) {
  const { ok, said } = await (wall ? ask : send)(`/api/v1/alarms/${box.dataset.alarm}/household`, undefined, "GET");
  if (!said) return;
  if (!ok) {
    hide(box);
    notice(said.code === "not_found" ? own.hidden : refusal(said), true);
    return;
  }
  box.querySelector("[data-marks]").replaceChildren(...said.marks.map((mark) => Object.assign(document.createElement("li"), { textContent: mark[language] })));
  box.querySelector("[data-contacts]").replaceChildren(...said.contacts.map(line));
  box.querySelector("[data-shown]").hidden = false;
  box.querySelector("[data-household-show]").hidden = true;
  const called = box.querySelector("[data-called]");
  if (called) called.hidden = false;
}

// It goes as soon as the alarm is over, whoever ended it.
async function stillOpen(box) {
  const answer = await fetch(`/api/v1/alarms/${box.dataset.alarm}`).catch(() => null);
  if (!answer?.ok || (await answer.json()).closed_at === null) return;
  hide(box);
  box.hidden = true;
}

for (const box of boxes) {
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("householdShow" in button.dataset) pressed(button, () => show(box));
    const { calledSaid } = button.dataset;
    if (!calledSaid) return;
    pressed(button, async () => {
      const { incident, alarm, calls } = box.dataset;
      const note = button.textContent.trim();
      const path = calls ? `/api/v1/incidents/${incident}/steps/call/done` : `/api/v1/alarms/${alarm}/comment`;
      if (!(await done(path, { note }))) return;
      for (const other of boxes) other.dataset.calls = ""; // the step is ticked once
      notice(note);
      follow();
    });
  });
  const marks = [byId(`fresh-${box.dataset.alarm}`), byId(`stale-${box.dataset.alarm}`)].filter(Boolean);
  for (const mark of marks) new MutationObserver(() => stillOpen(box)).observe(mark, { childList: true, subtree: true });
}

// Pressed before this script was there, a form would only load the page anew.
function wake() { for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false; }
wake();
