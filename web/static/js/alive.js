// Every 15 s: this page is there, whether its sound is on, and how far it has shown what happened.
import { send } from "./person.js";
import { running } from "./sound.js";
import { shown } from "./stream.js";

const EVERY = 15_000;

export function sayAlive(wall, heard = () => {}) {
  const say = async () => {
    try {
      const { ok } = await send("/api/v1/alive", { hears: running(), wall, shown: shown() });
      if (ok) heard();
    } catch {
      // No answer: the stream's own banner says so, and the hub misses the sign.
    }
  };
  say();
  setInterval(say, EVERY);
  document.addEventListener("click", () => setTimeout(say, 300), { once: true }); // the press that lets it sound
}
