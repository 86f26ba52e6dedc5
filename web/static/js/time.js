// The ticking clock, running times ("0:34") and ages ("3 s ago"), all on the server's time.
import { byId, clock, now, say } from "./page.js";

function running(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function age(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return say("seconds", { n: seconds });
  if (seconds < 3600) return say("minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 2 * 86400) return say("hours", { n: Math.floor(seconds / 3600) });
  return say("days", { n: Math.floor(seconds / 86400) });
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let stopped = false;
// While the connection is lost the picture stands still, the clock with it.
export function stand(still) { stopped = still; }

export function tick() {
  if (stopped) return;
  const at = now();
  const face = byId("clock");
  if (face) put(face, clock(at));
  for (const e of document.querySelectorAll("[data-since]")) put(e, running(at - Number(e.dataset.since)));
  for (const e of document.querySelectorAll("[data-until]")) put(e, running(Number(e.dataset.until) - at + 999));
  for (const e of document.querySelectorAll("[data-age]")) put(e, age(at - Number(e.dataset.age)));
}

setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);
tick();
