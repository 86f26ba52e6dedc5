// Every page of somebody who is signed in.
import "./time.js";
import "./prefs.js";
import "./desk.js";
import "./stream.js";
import "./actions.js";
import "./person.js";

// On a phone the menu scrolls sideways: where one is stands in sight.
const menu = document.querySelector(".bar nav");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
