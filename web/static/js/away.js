// Away mode: the phone keeps its screen on, sounds as the wall does, and says that it hears.
import "./panel.js";
import { sayAlive } from "./alive.js";
import { notice } from "./notice.js";
import { byId, now, refusal, say } from "./page.js";
import { send } from "./person.js";
import { unlock } from "./sound.js";

// Only where the page came over TLS; else the phone's own setting must keep the screen on.
async function keepAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // Refused while hidden or on low battery: asked again when the page is looked at.
  }
}

if (byId("away").dataset.on) {
  const sign = byId("sign");
  sayAlive(false, () => { sign.dataset.age = String(now()); });
  keepAwake();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && keepAwake());
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-away]");
  if (!button) return;
  await unlock();
  try {
    const { ok, said } = await send("/api/v1/away", { on: button.dataset.away === "on" });
    if (ok) location.reload();
    else notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  }
});
