// What this desk sounds, the bar that asks for leave to sound, and the count in title and favicon.
import { byId, now, refusal, say } from "./page.js";
import { notice } from "./notice.js";
import { ask } from "./person.js";
import { play, ring, running, speak, unlock } from "./sound.js";

const plainTitle = document.title;
const plainIcon = document.querySelector('link[rel="icon"]').href;
let shown = -1;

function badge(count, urgent) {
  const face = document.createElement("canvas");
  face.width = face.height = 64;
  const pen = face.getContext("2d");
  pen.fillStyle = urgent ? "#c22026" : "#7d6200";
  pen.beginPath();
  pen.arc(32, 32, 31, 0, 7);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = "bold 40px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(count > 99 ? "99" : String(count), 32, 35);
  return face.toDataURL();
}

export function heed() {
  const state = byId("sounding").dataset;
  const count = Number(state.count);
  const silent = Number(state.silentUntil || 0) > now();
  ring(count && !silent ? state.signal : "");
  if (count !== shown) {
    shown = count;
    document.title = count ? `(${count}) ${plainTitle}` : plainTitle;
    document.querySelector('link[rel="icon"]').href = count ? badge(count, state.urgent === "yes") : plainIcon;
  }
  for (const told of document.querySelectorAll("[data-say]")) speak(told.dataset.sayId, told.dataset.say);
  const stopped = document.querySelector(".drill-stopped");
  if (stopped && !stopped.contains(document.activeElement) && !document.querySelector("dialog[open]")) stopped.querySelector("button").focus();
  const bar = byId("unlock");
  if (bar) bar.hidden = running();
}

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-sound-on], [data-sound-test]")) {
    await unlock();
    if (!byId("sounding").dataset.signal || event.target.closest("[data-sound-test]")) play("fire");
    heed();
  } else if (!running()) {
    // Any press on this page is leave enough.
    await unlock();
    heed();
  }
});
document.addEventListener("click", async (event) => {
  const { drillSeen, absenceSeen } = event.target.closest("[data-drill-seen], [data-absence-seen]")?.dataset ?? {};
  if (!drillSeen && !absenceSeen) return;
  try {
    const { ok, said } = await ask(drillSeen ? `/api/v1/drills/${drillSeen}/seen` : `/api/v1/absences/${absenceSeen}/seen`);
    if (!ok && said) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  }
});
document.addEventListener("htmx:after:swap", heed);
setInterval(heed, 1000);
heed();
