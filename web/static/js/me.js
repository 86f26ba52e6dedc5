// One's own page: a PIN, and a screen that becomes a wall.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, refusal, say } from "./page.js";
import { send } from "./person.js";

byId("own-pin").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { password, pin, again } = Object.fromEntries(new FormData(form));
  if (pin !== again) return notice(say("pins_differ"), true);
  const { ok, said } = await send("/api/v1/person/pin", { password, pin }, "PUT");
  if (!ok) return notice(refusal(said.code, said.detail), true);
  form.reset();
  notice(say("pin_saved"));
});

byId("make-wall")?.addEventListener("click", async () => {
  const { ok, said } = await send("/api/v1/wall");
  if (ok) location.assign("/");
  else notice(refusal(said.code, said.detail), true);
});
