// The hand-over form: two names, two PINs, one record.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { send } from "./person.js";

byId("handover").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const given = new FormData(form);
  const side = (name) => ({ person: given.get(name), pin: given.get(`${name}-pin`) });
  const button = form.querySelector(".primary");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const items = Object.fromEntries(given.getAll("items").map((item) => [item, true]));
    const body = { giver: side("giver"), taker: side("taker"), post: given.get("post"), items, remarks: given.get("remarks") };
    const { ok, said } = await send("/api/v1/handovers", body);
    if (ok) location.assign(`/handover/${said.id}`);
    else notice(refusal(said.code, said.detail), true);
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});
