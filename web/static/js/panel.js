// Every page of somebody who is signed in.
import "./time.js";
import "./prefs.js";
import "./desk.js";
import "./stream.js";
import "./actions.js";
import "./person.js";
