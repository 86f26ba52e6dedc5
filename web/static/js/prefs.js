// Day and night, and the language: kept by this browser.
function keep(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function switchTheme() {
  const root = document.documentElement;
  const night = root.dataset.theme === "night" || (root.dataset.theme === "auto" && dark.matches);
  const wanted = night ? "day" : "night";
  // Choosing what the device says anyway means following it again.
  root.dataset.theme = (wanted === "night") === dark.matches ? "auto" : wanted;
  keep("theme", root.dataset.theme);
  document.dispatchEvent(new Event("panel:theme"));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) switchTheme();
  const other = event.target.closest("button[data-language]");
  if (other) {
    keep("language", other.dataset.language);
    location.reload();
  }
});
