// The clock: an administrator sets it, or says that the machine's is right.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say, zone } from "./page.js";
import { send } from "./person.js";

async function write(path, body) {
  try {
    const again = byId("clock-sure");
    const { ok, said } = await send(path, { ...body, sure: again?.querySelector("input").checked ?? false });
    if (said?.code === "far" && again) again.hidden = false;
    if (ok) location.reload();
    else if (said) notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  }
}

// What the site's wall clock says at a moment, as if it were UTC; the screen's own zone may be another.
const site = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
const shown = (at) => Date.parse(`${site.format(at).replace(" ", "T")}Z`);

function moment(text) {
  const wanted = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at += wanted - shown(at);
  return new Date(at);
}

document.querySelector("[data-clock-confirm]")?.addEventListener("click", () => write("/api/v1/clock/confirm", {}));
byId("clock-set")?.addEventListener("submit", (event) => {
  event.preventDefault();
  write("/api/v1/clock", { time: moment(event.target.elements.time.value).toISOString() });
});
