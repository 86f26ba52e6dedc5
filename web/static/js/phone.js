// What the server said with a page of the crew, and one sentence for the person who has just pressed something.
export const given = JSON.parse(document.getElementById("page").textContent);
given.ahead = given.now - Date.now(); // a phone's clock may be wrong

export function say(key, values = {}) {
  return given.words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]).replace("%%", "%");
}

export const refusal = (code, detail) => given.words[code] ?? detail;

export function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

// Whoever signed in in another tab has another token; another person's page must not send what this one wrote.
export async function renew() {
  const answer = await fetch("/api/v1/session", { signal: AbortSignal.timeout(15_000) });
  const said = answer.ok ? await answer.json() : {};
  if (said.name === given.me && said.csrf) {
    given.csrf = said.csrf;
    return true;
  }
  location.reload();
  return false;
}

export function notice(text, bad = false) {
  const line = document.createElement("p");
  line.className = bad ? "notice bad" : "notice";
  line.textContent = text;
  document.getElementById("notices").replaceChildren(line);
  setTimeout(() => line.remove(), bad ? 9000 : 4000);
}
