// The reserve: a count on a phone, and what is taken, added, moved, discarded or calibrated.
import "./panel.js";
import { byId, clock, now, refusal } from "./page.js";
import { ask } from "./person.js";
import { notice } from "./notice.js";

const own = JSON.parse(byId("reserve-words").textContent);

async function write(path, body) {
  try {
    const { ok, said } = await ask(path, body);
    if (!ok && said) notice(refusal(said.code, said.detail), true);
    return ok ? said : null;
  } catch {
    notice(own.unsent, true);
    return null;
  }
}

for (const form of document.querySelectorAll("[data-count]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const counts = Object.fromEntries([...new FormData(form)].map(([batch, number]) => [batch, Number(number)]));
    if (!(await write(`/api/v1/reserve/${form.dataset.count}/count`, { counts }))) return;
    form.querySelector("[data-when]").textContent = `✓ ${clock(now())}`;
    notice(own.counted);
  });
}

function fit(form) {
  const change = form.elements.change.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(change);
}

for (const form of document.querySelectorAll("[data-change]")) {
  fit(form);
  form.addEventListener("change", () => fit(form));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = {};
    for (const field of form.elements) {
      if (!field.name || field.value === "" || field.closest("[hidden]")) continue;
      body[field.name] = field.type === "number" ? Number(field.value) : field.value;
    }
    if (await write(`/api/v1/reserve/${form.dataset.change}/change`, body)) location.reload();
  });
}
