// The crew's phone: each press is kept on the phone until the hub has it, and sent again with the same key.
import { flush, put, pending } from "./unsent.js";
import { pickUp, take } from "./photos.js";
import { given, notice, say } from "./phone.js";

const UNDO = 10_000;
const main = document.getElementById("main");
const base = `/api/v1/work-orders/${given.order}`;

let asked = 0;
const inHand = () => document.querySelector("dialog[open]") || main.contains(document.activeElement?.closest("form"));

// The page anew, without leaving it: an open sheet, what is being typed and a camera that is open stay untouched. Of
// several answers only the youngest question's counts: one asked before a photo arrived does not know of it.
export async function refresh() {
  if (inHand()) return;
  asked += 1;
  const mine = asked;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked || inHand()) return;
    const cameras = main.querySelectorAll("[data-photo]");
    main.replaceChildren(...page.getElementById("main").childNodes);
    for (const camera of cameras) main.querySelector(`[data-photo=${camera.dataset.photo}]`)?.replaceWith(camera);
    pickUp();
    tick();
    undoable();
  } catch {
    // without a connection the page stays as it is; the strip above says so
  }
}

async function act(path, body, step) {
  const undo = step && !["undo", "help"].includes(step);
  put({ path: `${base}/${path}`, body });
  const { sent, refused } = await flush();
  if (refused) notice(refused, true);
  else if (sent && undo) sessionStorage.setItem(`undo ${given.order}`, Date.now());
  if (step === "undo") sessionStorage.removeItem(`undo ${given.order}`);
  if (sent || refused) await refresh();
}

// Ten seconds in which the last step can be taken back.
function undoable() {
  const box = document.getElementById("undo");
  if (!box) return;
  const left = UNDO - (Date.now() - Number(sessionStorage.getItem(`undo ${given.order}`) ?? 0));
  box.hidden = left <= 0;
  box.querySelector("b").textContent = left > 0 ? Math.ceil(left / 1000) : "";
}

function tick() {
  for (const mark of document.querySelectorAll("[data-due]")) {
    if (!mark.dataset.due) continue;
    const minutes = Math.round((mark.dataset.due - Date.now() - given.ahead) / 60_000);
    const span = say("span", { h: Math.floor(Math.abs(minutes) / 60), m: Math.abs(minutes) % 60 });
    mark.textContent = say(minutes < 0 ? "late" : "left", { time: span });
    mark.className = `tone ${minutes < 0 ? "c-urgent" : minutes < 120 ? "c-high" : "c-low"}`;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.sheet) document.getElementById(`sheet-${button.dataset.sheet}`).showModal();
  if ("close" in button.dataset) button.closest("dialog").close();
  if (button.dataset.step && button.getAttribute("aria-busy") !== "true") {
    button.setAttribute("aria-busy", "true");
    await act(button.dataset.step, JSON.parse(button.dataset.body ?? "{}"), button.dataset.step);
    button.removeAttribute("aria-busy");
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const path = form.dataset.step ?? form.dataset.add;
  if (!path) return;
  event.preventDefault();
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (body.count) body.count = Number(body.count);
  form.closest("dialog")?.close();
  form.reset();
  document.activeElement?.blur();
  await act(path, body, form.dataset.step);
});

document.addEventListener("change", async (event) => {
  const { photo } = event.target.dataset;
  if (!photo || !event.target.files.length) return;
  for (const file of event.target.files) await take(file, photo);
  event.target.value = "";
});
document.addEventListener("photo-kept", refresh);

async function catchUp() {
  if (!pending()) return;
  const { sent, refused } = await flush();
  if (refused) notice(refused, true);
  if (sent || refused) await refresh();
}
addEventListener("online", catchUp);
setInterval(catchUp, 5_000);
setInterval(undoable, 500);
setInterval(tick, 15_000);
setInterval(() => document.visibilityState === "visible" && refresh(), 20_000);
main.inert = false;
pickUp();
tick();
undoable();
catchUp();
