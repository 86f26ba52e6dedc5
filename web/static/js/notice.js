// One sentence for the person who has just pressed something.
import { byId } from "./page.js";

export function notice(text, bad = false) {
  const box = byId("notices");
  const line = document.createElement("p");
  line.className = bad ? "notice bad" : "notice";
  line.textContent = text;
  if (bad) line.setAttribute("role", "alert");
  box.replaceChildren(line);
  setTimeout(() => line.remove(), bad ? 9000 : 5000);
}
