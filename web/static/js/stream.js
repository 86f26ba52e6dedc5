// The live stream: notices silence, greys the picture with the time of the last data, reconnects, counts what it missed.
import { byId, clock, now, say, setNow } from "./page.js";
import { notice } from "./notice.js";
import { play } from "./sound.js";
import { stand, tick } from "./time.js";

const SILENCE = 22_000; // two heartbeats of 10 s and a little: within 25 s the desk must know
const REPLAY = 1500; // what was missed comes in one go
const main = byId("main");
let heard = now();
let connection = null;
let tried = now();
let lost = false;
let newest = "";
let had = ""; // the last fact up to which all that concerns this page has come
let begun = false; // the first heartbeat of a connection comes before what was missed
let missed = null; // facts replayed since the connection came back; null when there is nothing to count

// How far the log has been shown, to be said as a sign of life; null while nobody can see it.
export function shown() {
  return had && !lost && document.visibilityState === "visible" ? had : null;
}

function has(seq) {
  const number = (each) => Number(each.split("-")[1] ?? 0);
  if (number(seq) > number(had)) had = seq;
}

function setLost() {
  if (lost) return;
  lost = true;
  document.documentElement.dataset.stream = "lost";
  const bar = byId("lost");
  bar.textContent = say("lost", { time: clock(heard) });
  bar.hidden = false;
  document.documentElement.classList.add("is-lost");
  stand(true);
  // Heard as well as seen: three times the sound of a fault, then it is the eye's turn.
  for (const wait of [0, 2000, 4000]) setTimeout(play, wait, "fault");
}

function setBack() {
  if (!lost) return;
  lost = false;
  byId("lost").hidden = true;
  document.documentElement.classList.remove("is-lost");
  stand(false);
  tick();
}

function tellMissed() {
  notice(missed ? say("caught_up", { n: missed }) : say("back"));
  missed = null;
}

function takeAnew() {
  htmx.ajax("GET", location.href, { source: byId("clock"), target: "#main", select: "#main > *", swap: "innerMorph" });
}

main.addEventListener("htmx:sse:after:connection", (event) => {
  connection = event.detail.connection;
  begun = false;
  heard = now();
  if (lost && missed === null) {
    missed = 0;
    setTimeout(tellMissed, REPLAY);
  }
  setBack();
});

main.addEventListener("htmx:sse:before:message", (event) => {
  heard = now();
  document.documentElement.dataset.stream = "live";
  const { id } = event.detail.message; // of the last fact, also on messages that carry none of their own
  if (missed !== null && id && id !== newest) missed += 1;
  newest = id;
  if (id) has(id);
});

main.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  else setLost();
});

main.addEventListener("hb", (event) => {
  const { seq, time } = JSON.parse(event.detail.data);
  setNow(Date.parse(time));
  if (begun) has(seq);
  begun = true;
  if (document.querySelector("[data-unsaved]")) takeAnew(); // the journal may have healed, which is no fact
});

// Too much was missed to be told one by one: take the page anew, keeping sound and connection.
main.addEventListener("resync", takeAnew);

setInterval(() => {
  if (document.hidden && JSON.parse(document.querySelector('meta[name="htmx-config"]').content).sse.pauseOnBackground) {
    heard = now();
    return;
  }
  if (now() - heard <= SILENCE) return;
  setLost();
  if (main._htmx?.sse) connection?.reader?.cancel();
  else if (now() - tried > SILENCE) {
    // The very first connection failed: hx-sse only repeats those that once stood.
    tried = now();
    htmx.ajax("GET", main.getAttribute("hx-sse:connect"), { source: main });
  }
}, 1000);
