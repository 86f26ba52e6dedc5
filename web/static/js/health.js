// Health: a backup is asked for, or those held are let go, at the press of a button; how far it is shows by itself.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { ask } from "./person.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-backup]");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const { ok, said } = await ask(button.dataset.backup);
    if (ok) location.reload();
    else if (said) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

// The page is fetched anew every ten seconds; a list that somebody opened stays open.
let open = false;

document.addEventListener("click", (event) => {
  if (event.target.closest("#all-backups > summary")) open = !byId("all-backups").open;
});

new MutationObserver(() => {
  const list = byId("all-backups");
  if (list && list.open !== open) list.open = open;
}).observe(byId("health"), { subtree: true, childList: true, attributes: true, attributeFilter: ["open"] });
