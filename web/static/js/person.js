// Who acts: name tiles and a PIN pad at a wall, and the second person where one alone may not.
import { byId, csrf, me, now, people as names, refusal, say, wall } from "./page.js";

const box = byId("person");
const pin = byId("pin");
let chosen = null;
let done = null; // called with { person, pin } or null
let until = 0; // ms, server time

function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export async function send(path, body, method = "POST") {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, "Idempotency-Key": key() },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (answer.status === 401 && said.code === "not_signed_in") location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  return { ok: answer.ok, said };
}

// One write by whoever it takes. `said` is null when the person gave up at the pad.
export async function ask(path, body, method = "POST") {
  let answer = await send(path, body, method);
  if (answer.said.code === "person_required") {
    if (!(await come(answer.said.people))) return { ok: false, said: null };
    answer = await send(path, body, method);
  }
  let problem = "";
  while (["second_person", "same_person", "wrong_pin", "pin_locked"].includes(answer.said.code)) {
    if (answer.said.code !== "second_person") problem = refusal(answer.said.code, answer.said.detail);
    const second = await pick("second", await others(), problem);
    if (!second) return { ok: false, said: null };
    answer = await send(path, { ...body, second }, method);
  }
  if (wall && answer.ok) show();
  return answer;
}

async function others() {
  const { said } = await send(wall ? "/api/v1/person" : "/api/v1/person/others", undefined, "GET");
  const first = wall ? said.person?.name : me;
  return said.people.filter((who) => who.name !== first);
}

// Be known at this wall; true when somebody is.
async function come(candidates) {
  let problem = "";
  for (;;) {
    const given = await pick("own", candidates, problem);
    if (!given) return false;
    const { ok, said } = await send("/api/v1/person", given);
    if (ok) {
      seen(said);
      return true;
    }
    problem = refusal(said.code, said.detail);
  }
}

function pick(kind, candidates, problem) {
  byId("person-title").textContent = say(kind === "own" ? "who_acts" : "second_who");
  byId("person-why").textContent = candidates.length ? say(kind === "own" ? "own_why" : "second_why") : say("no_people");
  byId("person-tiles").replaceChildren(...candidates.map((who) => {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "button";
    tile.dataset.person = who.name;
    tile.textContent = who.display;
    return tile;
  }));
  const again = problem && candidates.some((who) => who.name === chosen);
  if (!again) chosen = candidates.length === 1 ? candidates[0].name : null;
  return new Promise((resolve) => {
    done = resolve;
    if (!box.open) box.showModal();
    pad();
    byId("person-error").textContent = problem;
  });
}

function pad() {
  pin.value = "";
  byId("person-error").textContent = "";
  byId("person-tiles").hidden = Boolean(chosen);
  byId("person-pad").hidden = !chosen;
  if (!chosen) return byId("person-tiles").querySelector("button")?.focus();
  byId("person-chosen").textContent = names[chosen] ?? chosen;
  pin.focus();
}

function finish(given) {
  const tell = done;
  done = null;
  pin.value = "";
  box.close();
  tell?.(given);
}

box.addEventListener("close", () => finish(null));
box.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-person]");
  if (tile) {
    chosen = tile.dataset.person;
    pad();
  }
  const press = event.target.closest("[data-pad]")?.dataset.pad;
  if (!press) return;
  if (press === "cancel") finish(null);
  else if (press === "names") {
    chosen = null;
    pad();
  } else {
    pin.value = press === "back" ? pin.value.slice(0, -1) : (pin.value + press).slice(0, 8);
    pin.focus();
  }
});
pin.addEventListener("input", () => { pin.value = pin.value.replace(/\D/g, ""); });
byId("person-pad").addEventListener("submit", (event) => {
  event.preventDefault();
  if (pin.value) finish({ person: chosen, pin: pin.value });
});

// The person at this wall, with the time that is left.
function seen({ person, seconds }) {
  until = person ? now() + seconds * 1000 : 0;
  byId("person-now").querySelector("b").textContent = person?.display ?? "";
  tick();
}

function tick() {
  const left = Math.max(0, Math.ceil((until - now()) / 1000));
  byId("person-now").hidden = !left;
  byId("person-now").querySelector(".left").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

async function show() {
  const { ok, said } = await send("/api/v1/person", undefined, "GET");
  if (ok) seen(said);
}

if (wall) {
  show();
  setInterval(tick, 1000);
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-change-person]")) return;
    await send("/api/v1/person", undefined, "DELETE");
    seen({ person: null });
    const { said } = await send("/api/v1/person", undefined, "GET");
    await come(said.people);
  });
}
