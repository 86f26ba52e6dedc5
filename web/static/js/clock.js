// The clock: an administrator sets it, or says that the machine's is right.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { send } from "./person.js";

async function write(path, body) {
  try {
    const { ok, said } = await send(path, body);
    if (ok) location.reload();
    else if (said) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  }
}

document.querySelector("[data-clock-confirm]")?.addEventListener("click", () => write("/api/v1/clock/confirm", {}));
byId("clock-set")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const time = new Date(event.target.elements.time.value);
  write("/api/v1/clock", { time: time.toISOString() });
});
