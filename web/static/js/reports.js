// While a report is made, the page says how far it is; leaving it ends the making.
import { byId } from "./page.js";

const words = JSON.parse(byId("report-words").textContent);
const strip = byId("making");
let timer;

async function look() {
  let making = null;
  try {
    const answer = await fetch("/api/v1/reports");
    if (answer.ok) making = (await answer.json()).making;
  } catch {
    return; // the page is on its way out
  }
  const percent = Math.round((making?.share ?? 0) * 100);
  strip.querySelector("span").textContent = making
    ? words.making.replace("%(name)s", words[making.name] ?? making.name).replace("%(percent)s", `${percent} %`)
    : words.waiting;
  strip.querySelector("progress").value = percent;
}

function started() {
  strip.hidden = false;
  clearInterval(timer);
  void look();
  timer = setInterval(look, 500);
}

for (const form of document.querySelectorAll("form[data-report]")) form.addEventListener("submit", started);
for (const link of document.querySelectorAll("a[data-report]"))
  link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) started();
  });
// Come back with the browser's key, the page must not say that something is still made.
addEventListener("pageshow", () => {
  clearInterval(timer);
  strip.hidden = true;
});
