// A round on a phone: each stop is kept on the phone with its own time until the hub has it.
import { flush, pending, put } from "./unsent.js";
import { pickUp, take } from "./photos.js";
import { given, notice, say } from "./phone.js";

const round = document.querySelector("[data-round]").dataset;
const base = `/api/v1/duties/${round.round}`;
const stops = [...document.querySelectorAll("[data-stop]")];
const KEPT = `walk ${given.me} ${round.round}`;
const now = () => new Date(Date.now() + given.ahead).toISOString();
const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");
const wall = new Intl.DateTimeFormat("en-GB", { timeZone: given.zone, hour: "2-digit", minute: "2-digit", hour12: false }); // the site's
let found = null;

// What was reached on this phone and what the hub knows already, in one picture.
function show() {
  const mine = kept();
  for (const stop of stops) {
    const at = mine[stop.dataset.stop];
    if (!at || stop.classList.contains("done")) continue;
    stop.classList.add("done", "c-none");
    const clock = wall.format(new Date(Date.parse(at) + given.civil));
    stop.querySelector(".when").textContent = pending() ? `${clock} · ${say("kept")}` : clock;
  }
  const done = stops.filter((stop) => stop.classList.contains("done")).length;
  document.getElementById("count").textContent = say("reached", { n: done, all: stops.length });
}

async function deliver() {
  const { sent, refused } = await flush();
  if (refused) {
    notice(refused, true);
    localStorage.removeItem(KEPT); // what the hub refused was not reached: its own picture counts
    setTimeout(() => location.reload(), 3000);
  } else if (sent) {
    for (const stop of stops) {
      const when = stop.querySelector(".when");
      when.textContent = when.textContent.replace(` · ${say("kept")}`, "");
    }
  }
  return { sent, refused };
}

async function reach(stop, how, code, more = {}) {
  const at = now();
  put({ path: `${base}/stops`, body: { code, how, at, ...more } });
  localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [stop.dataset.stop]: at }));
  show();
  navigator.vibrate?.(60);
  await deliver();
}

// The page holds prints of the tags' codes, never the codes: they are read at the place.
async function meant(code) {
  const text = new TextEncoder().encode(`${round.round} ${code.trim().toLowerCase()}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  const mark = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return stops.find(({ dataset }) => dataset.mark === mark);
}

async function readTags(button) {
  const reader = new NDEFReader();
  reader.addEventListener("reading", async ({ message, serialNumber }) => {
    const texts = [...message.records].filter((record) => record.recordType === "text");
    const codes = texts.map((record) => new TextDecoder(record.encoding ?? "utf-8").decode(record.data));
    for (const code of [...codes, serialNumber ?? ""]) {
      const stop = await meant(code);
      if (stop) return reach(stop, "nfc", code);
    }
    return notice(say("unknown_code"), true);
  });
  try {
    await reader.scan();
    button.hidden = true;
    notice(say("reading"));
  } catch {
    notice(say("no_nfc"), true);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const stop = button.closest("[data-stop]");
  if ("said" in button.dataset) await reach(stop, "said", stop.dataset.stop);
  if ("found" in button.dataset) {
    found = stop;
    document.getElementById("sheet-found").showModal();
  }
  if ("tags" in button.dataset) await readTags(button);
  if ("close" in button.dataset) button.closest("dialog").close();
  if ("finish" in button.dataset) {
    if (stops.some((each) => !each.classList.contains("done"))) notice(say("stops_missing"), true);
    else document.getElementById("sheet-done").showModal();
  }
});

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if ("finding" in form.dataset) {
    const note = form.elements.note.value;
    const finding = { title: form.elements.title.value, category: form.elements.category.value };
    const [file] = form.elements.photo.files;
    form.closest("dialog").close();
    await reach(found, "said", found.dataset.stop, { finding, ...(note ? { note } : {}) });
    if (file) await take(file, found.dataset.stop);
    form.reset();
  } else if ("done" in form.dataset) {
    const ticks = {};
    const notes = {};
    const written = [...new FormData(form)].filter(([, value]) => value);
    for (const [name, value] of written) if (name.startsWith("tick-")) ticks[name.slice(5)] = value;
    for (const [name, value] of written) {
      const task = name.slice(5);
      if (name.startsWith("note-") && ticks[task] === "not_ok") notes[task] = value;
    }
    const note = form.elements.note.value;
    form.closest("dialog").close();
    put({ path: `${base}/done`, body: { ticks, notes, at: now(), ...(note ? { note } : {}) } });
    await leave();
  }
});

async function leave() {
  const { refused } = await deliver();
  if (refused || pending()) return;
  localStorage.removeItem(KEPT);
  location.assign(`/duties/${round.round}`);
}

async function catchUp() {
  if (!pending()) return;
  const finished = localStorage.getItem(`unsent ${given.me}`)?.includes(`${base}/done`);
  const { sent, refused } = await deliver();
  if (sent && finished && !refused && !pending()) {
    localStorage.removeItem(KEPT);
    location.assign(`/duties/${round.round}`);
  }
}
addEventListener("online", catchUp);
setInterval(catchUp, 5_000);
document.getElementById("main").inert = false;
pickUp();
show();
const tags = document.querySelector("[data-tags]");
if (tags) tags.hidden = !("NDEFReader" in window && window.isSecureContext);
if (pending()) notice(say("kept_again", { n: pending() })); // of before this page was loaded anew
catchUp();
const here = stops.find((stop) => stop.dataset.stop === round.here);
if (here && !here.classList.contains("done")) {
  history.replaceState(null, "", location.pathname); // read once, not at each reload
  reach(here, "qr", `/at/${here.dataset.stop}?k=${round.proof}`);
}
