// Outputs: every switch takes two presses, the second within five seconds; linkage is switched over with a reason.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { ask } from "./person.js";

const AGAIN = 5000;
const LOOK = 2000;

async function send(button, path, body) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { ok, said } = await ask(path, body);
    if (!said) return; // nobody entered a PIN
    if (ok) location.reload();
    else notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function armed(button) {
  if (!button.dataset.twice || button.dataset.armed) return true;
  const words = button.textContent;
  button.dataset.armed = "yes";
  button.textContent = button.dataset.twice;
  setTimeout(() => {
    delete button.dataset.armed;
    button.textContent = words;
  }, AGAIN);
  return false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-operate]");
  if (button && armed(button)) send(button, button.dataset.operate, button.dataset.body && JSON.parse(button.dataset.body));
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-linkage]");
  if (!form) return;
  event.preventDefault();
  const reason = new FormData(form).get("reason");
  send(form.querySelector("button"), "/api/v1/linkage", { mode: form.dataset.linkage, reason });
});

// What the outputs say now; not while a button waits for its second press or its answer.
setInterval(async () => {
  if (document.hidden || document.querySelector("[data-armed], [aria-busy=true]")) return;
  const answer = await fetch(location.pathname, { signal: AbortSignal.timeout(LOOK * 5) }).catch(() => null);
  if (!answer?.ok || document.querySelector("[data-armed], [aria-busy=true]")) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  if (fresh && fresh.innerHTML !== byId("live").innerHTML) byId("live").replaceChildren(...fresh.childNodes);
}, LOOK);
