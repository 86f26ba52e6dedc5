// The desk's part of a work order: dispatch, verify, send back, hand over.
import { now, say, wall, words } from "./page.js";
import { ask, send } from "./person.js";
import { notice } from "./notice.js";

const own = JSON.parse(document.getElementById("order-words")?.textContent ?? "{}");
const write = wall ? ask : send; // at a wall the person's PIN is asked for
const refusal = (said) => own[said.code] ?? words.refused[said.code] ?? said.detail;

function bodyOf(form) {
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  if (!("open" in form.dataset)) return body;
  const { hours, needs_photos: photos, ...rest } = body;
  return {
    ...rest,
    ...(form.dataset.alarm ? { alarm: form.dataset.alarm } : {}),
    ...(form.dataset.device ? { device: form.dataset.device } : {}),
    needs_photos: photos !== undefined,
    due_at: new Date(now() + hours * 3_600_000).toISOString(),
  };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const opens = "open" in form.dataset;
  if (!opens && !form.dataset.order) return;
  event.preventDefault();
  const button = form.querySelector("button:not([type=button])");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const path = opens ? "/api/v1/work-orders" : `/api/v1/work-orders/${form.dataset.order}/${form.dataset.step}`;
    const { ok, said } = await write(path, bodyOf(form));
    if (!said) return;
    if (!ok) notice(refusal(said), true);
    else if (opens) location.assign(`/orders/${said.id}`);
    else location.reload();
  } catch {
    notice(say("failed"), true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

// Pressed before this script was there, a form would only load the page anew.
for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false;
