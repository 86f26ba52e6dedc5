// Duties: the checklist, photos, the register, and the file of a guard-tour reader.
import { byId, csrf, say, wall, words } from "./page.js";
import { ask, send } from "./person.js";
import { notice } from "./notice.js";
import { asBlob } from "./picture.js";

const own = JSON.parse(byId("duty-words")?.textContent ?? "{}");
const write = wall ? ask : send; // at a wall the person's PIN is asked for
const refusal = (said) => own[said.code] ?? words.refused[said.code] ?? said.detail;
const told = (key, values) => own[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);

function bodyOf(form) {
  const body = { ticks: {}, notes: {} };
  for (const [name, value] of new FormData(form)) {
    if (value === "") continue;
    if (name.startsWith("tick-")) body.ticks[name.slice(5)] = value;
    else if (name.startsWith("note-")) body.notes[name.slice(5)] = value;
    else body[name] = value;
  }
  if (form.dataset.step !== "done") {
    delete body.ticks;
    delete body.notes;
  }
  return body;
}

async function act(button, path, body) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { ok, said } = await write(path, body);
    if (!said) return;
    if (ok) location.reload();
    else notice(refusal(said), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

async function upload(form) {
  const [file] = form.elements.file.files;
  const duty = encodeURIComponent(form.elements.duty.value);
  const answer = await fetch(`/api/v1/rounds/reader?duty=${duty}`, {
    method: "POST",
    headers: { "Content-Type": "text/csv", "X-CSRF-Token": csrf },
    body: file,
    signal: AbortSignal.timeout(120_000),
  });
  const said = await answer.json();
  if (!answer.ok) {
    notice(refusal(said), true);
    return;
  }
  const why = Object.fromEntries([...byId("asides").querySelectorAll("dt")].map((dt) => [dt.textContent, dt.nextElementSibling.textContent]));
  byId("result").hidden = false;
  byId("result-title").textContent = told("result", { ...said, aside: said.aside.length });
  byId("result").querySelector("table").hidden = !said.aside.length;
  byId("result").querySelector("tbody").replaceChildren(...said.aside.map((line) => {
    const row = document.createElement("tr");
    for (const words_ of [line.line, why[line.reason] ?? line.reason, line.text]) {
      const cell = document.createElement("td");
      cell.textContent = words_;
      row.append(cell);
    }
    return row;
  }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const { duty, facility, step } = form.dataset;
  if (!duty && !facility && !("reader" in form.dataset)) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (duty) await act(button, `/api/v1/duties/${duty}/${step}`, bodyOf(form));
  else if (facility) await act(button, "/api/v1/facilities/check", { facilities: [facility], ok: form.dataset.ok !== "false", ...bodyOf(form) });
  else {
    try {
      await upload(form);
    } catch {
      notice(own.failed, true);
    }
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-check]");
  if (button) await act(button, "/api/v1/facilities/check", { facilities: [button.dataset.check] });
  const here = event.target.closest("[data-here]");
  if (here) {
    history.replaceState(null, "", location.pathname); // read once, not at each reload
    await act(here, `/api/v1/duties/${here.dataset.duty}/stops`, { code: here.dataset.here, how: "qr" });
  }
});

document.addEventListener("change", async (event) => {
  const { duty } = event.target.dataset;
  if (!("photo" in event.target.dataset) || !event.target.files.length) return;
  byId("uploading").textContent = "…";
  let kept = true;
  for (const file of event.target.files) {
    try {
      const answer = await fetch(`/api/v1/duties/${duty}/photos`, {
        method: "POST",
        headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": csrf },
        body: await asBlob(file),
        signal: AbortSignal.timeout(120_000),
      });
      if (!answer.ok) {
        kept = false;
        notice(refusal(await answer.json()), true);
      }
    } catch {
      kept = false;
      notice(own.photo_failed, true);
    }
  }
  byId("uploading").textContent = "";
  event.target.value = "";
  if (kept) location.reload();
});

// Pressed before this script was there, a form would only load the page anew.
for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false;
