// What was pressed and is not with the hub yet. Kept on the phone, in order; the key makes a repeat harmless.
import { given, key, refusal, renew, say } from "./phone.js";

const STORE = `unsent ${given.me}`;
const strip = document.getElementById("unsent");
const link = document.getElementById("link");
let busy = null;

const load = () => JSON.parse(localStorage.getItem(STORE) ?? "[]");
const save = (waiting) => localStorage.setItem(STORE, JSON.stringify(waiting));
export const pending = () => load().length;

export function put(item) {
  save([...load(), { ...item, key: key() }]);
}

function show(online) {
  const n = pending();
  strip.hidden = online && !n;
  strip.textContent = n ? say("unsent", { n }) : say("offline");
  link.textContent = strip.hidden ? link.dataset.online : "";
}

// Send what waits, oldest first. refused: the hub's no in words; what it refused is dropped, for it never will agree.
export function flush() {
  busy ??= send().finally(() => { busy = null; });
  return busy;
}

async function send() {
  let sent = 0;
  let refused = "";
  let renewed = false;
  for (let next = load()[0]; next; next = load()[0]) {
    try {
      const answer = await fetch(next.path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": given.csrf, "Idempotency-Key": next.key },
        body: JSON.stringify(next.body),
        signal: AbortSignal.timeout(15_000),
      });
      if (answer.status === 401) {
        location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
        break;
      }
      if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
      const said = answer.ok ? {} : await answer.json();
      if (said.code === "csrf") {
        if (renewed || !(await renew())) throw new Error(said.code);
        renewed = true;
        continue;
      }
      save(load().slice(1));
      if (answer.ok) sent += 1;
      else refused = refusal(said.code, said.detail);
    } catch {
      show(false);
      return { sent, refused };
    }
  }
  show(true);
  return { sent, refused };
}

addEventListener("offline", () => show(false));
addEventListener("online", () => show(true));
show(navigator.onLine);
