// Live pictures of cameras: fetched once a second, drawn on a canvas without flicker; nothing while nobody looks.
import { now } from "./page.js";
import { age as inWords } from "./time.js";

const EVERY = 1000;
const PATIENCE = 5000; // one picture may take so long
const AT_ONCE = 3; // a browser has six connections to one hub, and the page's stream holds one of them
const OLD = 3000;
const STALE = 10_000;

const seen = new Set(); // boxes on the screen
const under = new Map(); // box -> AbortController of the picture that is on its way
let shut = null; // called once when the hub wants a reason first
let last = 0;

const boxes = () => [...document.querySelectorAll(".sight[data-camera]")];

function say(box, words) {
  const place = box.querySelector(".none");
  place.hidden = !words;
  if (words && place.textContent !== words) place.textContent = words;
}

async function draw(box, blob) {
  const picture = await createImageBitmap(blob);
  const canvas = box.querySelector("canvas");
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  canvas.hidden = false;
}

// Resolves to whether the hub goes on showing pictures.
async function take(box) {
  const ended = new AbortController();
  under.set(box, ended);
  const timer = setTimeout(() => ended.abort(), PATIENCE);
  try {
    const after = box.dataset.taken ? `?after=${encodeURIComponent(box.dataset.at)}` : "";
    const answer = await fetch(`/api/v1/cameras/${box.dataset.camera}/picture${after}`, { signal: ended.signal });
    if (answer.status === 200) {
      const at = answer.headers.get("X-Picture-Time");
      await draw(box, await answer.blob());
      box.dataset.at = at;
      box.dataset.taken = Date.parse(at);
      say(box, "");
      box.dispatchEvent(new Event("sight:drawn", { bubbles: true }));
    } else if (answer.status === 401) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
    } else if (answer.status !== 204) {
      const { code } = await answer.json();
      if (code === "viewing_required") return false;
      if (!box.dataset.taken) say(box, box.dataset.none);
    }
  } catch {
    // The hub is away or slow: the age on the picture says so, and the page's own strip.
  } finally {
    clearTimeout(timer);
    under.delete(box);
    look(box);
  }
  return true;
}

// Grey after 3 s, hatched after 10 s: nobody may take an old picture for the present.
function look(box) {
  const taken = Number(box.dataset.taken || 0);
  const age = taken ? now() - taken : 0;
  box.classList.toggle("old", taken > 0 && age > OLD);
  box.classList.toggle("stale", taken > 0 && age > STALE);
  const face = box.querySelector(".age");
  if (!face) return;
  face.hidden = !taken;
  if (!taken) return;
  face.dataset.age = taken; // from here on the clock writes it
  face.textContent = inWords(age);
}

async function step() {
  for (const box of boxes()) look(box);
  if (document.hidden || shut?.done) return;
  const due = performance.now() - 0.9 * EVERY;
  const waiting = boxes().filter((box) => seen.has(box) && !under.has(box) && (box.asked ?? -EVERY) <= due);
  waiting.sort((a, b) => (a.asked ?? 0) - (b.asked ?? 0));
  const going = await Promise.all(waiting.slice(0, Math.max(0, AT_ONCE - under.size)).map((box) => {
    box.asked = performance.now();
    return take(box);
  }));
  if (going.includes(false) && shut && !shut.done) {
    shut.done = true;
    shut.tell();
  }
}

// With many cameras each in its turn, as fast as three at a time come back, and none sooner than a second after its last.
async function run() {
  last = performance.now();
  await step();
}

function stop() {
  for (const ended of under.values()) ended.abort();
}

export function start(whenShut) {
  shut = { done: false, tell: whenShut };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
    }
    if (performance.now() - last > EVERY / 4) run();
  }, { rootMargin: "120px" });
  for (const box of boxes()) watcher.observe(box);
  setInterval(run, EVERY / Math.max(1, Math.ceil(boxes().length / AT_ONCE)));
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : run()));
  addEventListener("pagehide", stop);
  run();
}
