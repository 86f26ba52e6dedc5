// The wall of cameras and the page of one: pictures once a second, words every few seconds, keys from camera to camera.
import "./panel.js";
import { wake } from "./footage.js";
import { byId } from "./page.js";
import { start } from "./sights.js";
import { tick } from "./time.js";

const EVERY = 4000;
let asked = false;
let again = false; // something was done while the answer was on its way

// What the words say now; not while somebody writes, and not over a button that waits for its answer.
async function refresh() {
  if (document.hidden || asked || document.querySelector("[aria-busy=true]")) return;
  asked = true;
  again = false;
  const answer = await fetch(location.pathname, { signal: AbortSignal.timeout(EVERY * 2) }).catch(() => null);
  asked = false;
  if (again) {
    refresh();
    return;
  }
  if (!answer?.ok || document.querySelector("[aria-busy=true]")) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  wake(fresh); // as it stands here
  const focused = document.activeElement?.dataset?.do + document.activeElement?.dataset?.body;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
  }
  if (focused && document.activeElement === document.body) [...document.querySelectorAll("[data-do]")].find((each) => each.dataset.do + each.dataset.body === focused)?.focus();
  tick();
}
// The hub says every few seconds how a camera does; the picture that has just come says it sooner.
document.addEventListener("sight:drawn", (event) => {
  const face = document.querySelector("[data-newest]");
  if (face) face.dataset.age = Math.max(Number(face.dataset.age), Number(event.target.dataset.taken));
});
setInterval(refresh, EVERY);
document.addEventListener("footage:changed", () => {
  again = asked;
  refresh();
});

// -- keys ----------------------------------------------------------------------------------------------------------

const cards = () => [...document.querySelectorAll("[data-camera-card]")];

function step(by) {
  const to = document.querySelector(`a[rel=${by > 0 ? "next" : "prev"}]`);
  if (to) to.click();
  const all = cards();
  if (!all.length) return;
  const index = all.indexOf(document.activeElement?.closest?.("[data-camera-card]"));
  const next = all[index < 0 ? (by > 0 ? 0 : all.length - 1) : (index + by + all.length) % all.length];
  next.querySelector("a").focus();
  next.scrollIntoView({ block: "nearest" });
}

const KEYS = { j: 1, ArrowRight: 1, ArrowDown: 1, k: -1, ArrowLeft: -1, ArrowUp: -1 };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select") || document.querySelector("dialog[open], :popover-open")) return;
  const by = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!by || (event.key.startsWith("Arrow") && !cards().length)) return;
  event.preventDefault();
  step(by);
});

start(() => {
  const card = byId("viewing");
  if (card) card.hidden = false;
});
