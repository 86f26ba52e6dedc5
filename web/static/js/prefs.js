// Day and night, and the language: kept by this browser. Without a choice the look follows the site's clock.
import { civil, night, now, zone } from "./page.js";

function keep(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

const root = document.documentElement;
const hourOf = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" });
const [begins, ends] = night;

function byClock() {
  const hour = Number(hourOf.format(new Date(now() + civil)));
  return ends <= hour && hour < begins ? "day" : "night";
}

function show() {
  const { chosen, theme } = root.dataset;
  const wanted = chosen === "auto" ? byClock() : chosen;
  if (wanted === theme) return;
  root.dataset.theme = wanted;
  document.dispatchEvent(new Event("panel:theme"));
}

// The first press shows the other look, the second this one and keeps it, the third follows the clock again.
function switchTheme() {
  const { chosen } = root.dataset;
  const usual = byClock();
  if (chosen === "auto") root.dataset.chosen = usual === "day" ? "night" : "day";
  else root.dataset.chosen = chosen === usual ? "auto" : usual;
  keep("theme", root.dataset.chosen);
  show();
}

setInterval(show, 1000);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) switchTheme();
  const other = event.target.closest("button[data-language]");
  if (other) {
    keep("language", other.dataset.language);
    location.reload();
  }
});
