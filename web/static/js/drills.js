// Drills: begun by two persons, watched, ended. While one is under way its page is looked up anew every two seconds.
import "./panel.js";
import { byId, now, refusal, say } from "./page.js";
import { ask } from "./person.js";
import { notice } from "./notice.js";

const EVERY = 2000;

async function write(path, body) {
  try {
    const { ok, said } = await ask(path, body);
    if (!ok && said) notice(refusal(said.code, said.detail), true);
    return ok ? said : null;
  } catch {
    notice(say("failed"), true);
    return null;
  }
}

// Only what the chosen kind asks for is there.
function fit(form) {
  const kind = form.elements.kind.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  const number = form.elements.point.selectedOptions[0]?.dataset.number === "yes";
  form.querySelector("[data-value]").hidden = kind !== "live" || !number;
}

const form = byId("drill");
if (form) {
  fit(form);
  form.addEventListener("change", () => fit(form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const kind = given.get("kind");
    const body = { kind, plan: given.get("plan"), outputs: kind === "table_top" ? [] : given.getAll("outputs") };
    if (given.get("note")) body.note = given.get("note");
    if (kind !== "live") body.zone = given.get("zone");
    else {
      body.point = given.get("point");
      if (!form.querySelector("[data-value]").hidden && given.get("value") !== "") body.value = Number(given.get("value"));
    }
    const said = await write("/api/v1/drills", body);
    if (said) location.assign(`/drills/${said.id}`);
  });
}

byId("drill-end")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const note = new FormData(event.target).get("note");
  const said = await write(`/api/v1/drills/${event.target.dataset.drill}/end`, note ? { note } : {});
  if (said) location.reload();
});

function tick() {
  for (const face of document.querySelectorAll("[data-stopwatch]")) {
    const until = Number(face.dataset.stop) || now();
    const seconds = Math.max(0, Math.floor((until - Number(face.dataset.stopwatch)) / 1000));
    face.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

// Where the keyboard stops: it stays there while the page is renewed.
function stops(box) {
  return [...box.querySelectorAll("a, [tabindex]")];
}

async function again() {
  if (document.hidden || byId("drill-live")?.dataset.running !== "yes") return;
  try {
    const answer = await fetch(location.pathname, { signal: AbortSignal.timeout(EVERY * 2) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("drill-live");
    if (!fresh) return;
    const old = byId("drill-live");
    const held = stops(old).indexOf(document.activeElement);
    old.replaceWith(document.adoptNode(fresh));
    stops(fresh)[held]?.focus();
    if (fresh.dataset.running !== "yes") byId("drill-end")?.remove();
    tick();
  } catch {
    // The next look may have a connection; the strip of the page says when it is lost.
  }
}

if (byId("drill-live")) {
  tick();
  setInterval(tick, 500);
  setInterval(again, EVERY);
}
