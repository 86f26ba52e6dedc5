// Hazards: the report with its photo, and each step of one on its page.
import { byId, csrf, say, wall, words } from "./page.js";
import { ask, send } from "./person.js";
import { notice } from "./notice.js";
import { asBlob } from "./picture.js";

const own = JSON.parse(byId("hazard-words")?.textContent ?? "{}");
const write = wall ? ask : send; // at a wall the person's PIN is asked for
const refusal = (said) => own[said.code] ?? words.refused[said.code] ?? said.detail;

// What is filled in; numbers as numbers, ticks as yes and no.
function bodyOf(form) {
  const body = JSON.parse(form.dataset.body ?? "{}");
  for (const field of form.elements) {
    if (!field.name || field.type === "file") continue;
    if (field.type === "checkbox") body[field.name] = field.checked;
    else if (field.value !== "") body[field.name] = "number" in field.dataset ? Number(field.value) : field.value;
  }
  return body;
}

// True when it is kept. What went wrong is said.
async function photograph(hazard, kind, file) {
  let picture;
  try {
    picture = await asBlob(file);
  } catch {
    notice(own.bad_picture, true);
    return false;
  }
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    const answer = await fetch(`/api/v1/hazards/${hazard}/photos?kind=${kind}`, {
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

async function report(form) {
  const { alarm, device } = form.dataset;
  const body = { ...bodyOf(form), ...(alarm ? { alarm } : {}), ...(device ? { device } : {}) };
  const { ok, said } = await write("/api/v1/hazards", body);
  if (!said) return;
  if (!ok) {
    notice(refusal(said), true);
    return;
  }
  const [file] = form.elements.photo.files;
  const kept = !file || await photograph(said.id, "before", file);
  if (said.sources.length > 1) notice(own.joined);
  if (kept) location.assign(`/hazards/${said.id}`);
  else setTimeout(() => location.assign(`/hazards/${said.id}`), 3000); // it is reported; the photo can be taken there
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const reports = "report" in form.dataset;
  if (!reports && !form.dataset.hazard) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    if (reports) {
      await report(form);
      return;
    }
    const { ok, said } = await write(`/api/v1/hazards/${form.dataset.hazard}/${form.dataset.step}`, bodyOf(form));
    if (!said) return;
    if (ok) location.reload();
    else notice(refusal(said), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

document.addEventListener("change", async (event) => {
  const { photo, hazard } = event.target.dataset;
  if (!photo || !event.target.files.length) return;
  byId("uploading").textContent = own.uploading;
  let kept = true;
  for (const file of event.target.files) kept = (await photograph(hazard, photo, file)) && kept;
  byId("uploading").textContent = "";
  event.target.value = "";
  if (kept) location.reload();
});

// Pressed before this script was there, a form would only load the page anew.
for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false;
