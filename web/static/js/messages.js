// Messages: a channel is tried at the press of a button; what came of it shows in the list by itself.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { ask } from "./person.js";

const LOOK = 2000;

async function look() {
  const answer = await fetch(location.pathname + location.search, { signal: AbortSignal.timeout(LOOK * 5) }).catch(() => null);
  if (!answer?.ok || document.querySelector("#live [aria-busy=true]")) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  if (fresh && fresh.innerHTML !== byId("live").innerHTML) byId("live").replaceChildren(...fresh.childNodes);
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-test]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { ok, said } = await ask(form.dataset.test, { person: new FormData(form).get("person") });
    if (said && !ok) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
  await look();
});

setInterval(() => {
  if (!document.hidden && !document.querySelector("#live [aria-busy=true], #live select:focus")) look();
}, LOOK);
