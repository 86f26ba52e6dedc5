// What the server said with the page: its time, the site's zone, the words, the session's token.
const given = JSON.parse(document.getElementById("page").textContent);

export const { zone, night, language, csrf, words, people, me, wall } = given;

// Server time, so that ages and timers are right on a desk whose own clock is not.
let ahead = given.now - Date.now();
export const now = () => Date.now() + ahead;
export function setNow(millis) { ahead = millis - Date.now(); }

const clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const clock = (millis) => clockFormat.format(new Date(millis + given.civil));
export const civil = given.civil;

// A word of the catalogue with its places filled in, as Python's %(name)s.
export function say(key, values = {}) {
  return words[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

export function refusal(code, detail) {
  return words.refused[code] ?? detail ?? say("failed");
}

export const byId = (id) => document.getElementById(id);
