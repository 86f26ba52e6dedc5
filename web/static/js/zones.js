// Zones and masks drawn on a still: by mouse, finger and keyboard alike. What is drawn is saved as one version.
import "./panel.js";
import { notice } from "./notice.js";
import { byId, words } from "./page.js";
import { ask } from "./person.js";
import { Drawing, corner, crossed, freeId, middle, moved, round } from "./shapes.js";
import { start } from "./sights.js";
import { Painter } from "./zones-paint.js";

const own = JSON.parse(byId("zone-words").textContent);
const given = JSON.parse(byId("zones-given").textContent);
const say = (key, values = {}) => own[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const percent = (number) => Math.round(number * 100);

const sheet = byId("drawing");
const list = byId("shapes");
const blank = byId("zone-form");
const copy = (value) => JSON.parse(JSON.stringify(value));
let drawing = new Drawing(copy(given.zones), copy(given.masks));
let chosen = null; // { kind: "zones" | "masks", index }
let pen = null; // { kind, at: [x, y], corners } while corners are being set
let drag = null;

const polygonOf = ({ kind, index }) => (kind === "zones" ? drawing.now.zones[index]?.polygon : drawing.now.masks[index]);
function put({ kind, index }, polygon) {
  if (kind === "zones") drawing.now.zones[index].polygon = polygon;
  else drawing.now.masks[index] = polygon;
}
const nameOf = ({ kind, index }) => (kind === "zones" ? drawing.now.zones[index].name[own.language] || drawing.now.zones[index].id : say("mask_n", { n: index + 1 }));
const same = (one, other) => one && other && one.kind === other.kind && one.index === other.index;
const painter = new Painter(sheet, say, percent, nameOf);

const unsaved = () => drawing.dirty || Boolean(pen?.corners.length);
function tell(text) { byId("drawing-said").textContent = text; }

// -- the picture of what is drawn ----------------------------------------------------------------------------------

function show(focus = null) {
  const wanted = focus ?? document.activeElement?.dataset?.key;
  painter.paint(drawing.now, chosen, pen);
  if (wanted) sheet.querySelector(`[data-key="${wanted}"]`)?.focus({ preventScroll: true });
  for (const name of ["undo", "redo"]) byId(name).disabled = !(name === "undo" ? drawing.past : drawing.future).length;
  byId("save").disabled = !unsaved();
  byId("unsaved").hidden = !unsaved();
  sheet.classList.toggle("drawing-now", Boolean(pen));
  for (const button of document.querySelectorAll("[data-draw]")) button.setAttribute("aria-pressed", String(pen?.kind === button.dataset.draw));
}

function row(kind, index) {
  const part = blank.content.firstElementChild.cloneNode(true);
  const shape = { kind, index };
  part.dataset.shape = `${kind}:${index}`;
  part.querySelector("legend").textContent = nameOf(shape);
  part.classList.toggle("chosen", same(chosen, shape));
  if (kind === "masks") {
    part.querySelector("[data-of-zone]").remove();
    return part;
  }
  const zone = drawing.now.zones[index];
  for (const field of part.querySelectorAll("input[name], select[name]")) {
    if (field.name === "check") field.checked = zone.checks.includes(field.value);
    else if (field.name === "dwell") field.value = zone.dwell;
    else field.value = zone.name[field.name];
  }
  return part;
}

function rows() {
  const { zones, masks } = drawing.now;
  list.replaceChildren(...zones.map((_, index) => row("zones", index)), ...masks.map((_, index) => row("masks", index)));
  byId("no-shapes").hidden = zones.length + masks.length > 0;
}

function choose(shape, focus = null) {
  chosen = shape && polygonOf(shape) ? shape : null;
  for (const part of list.children) part.classList.toggle("chosen", Boolean(chosen) && part.dataset.shape === `${chosen.kind}:${chosen.index}`);
  show(focus);
}

// What was done to corners; run: see Drawing.change.
function shape(of, polygon, run = "", focus = null) {
  drawing.change(() => put(of, polygon), run);
  show(focus);
}

// -- drawing a new one ---------------------------------------------------------------------------------------------

// A shape that is still open counts as drawn: with three corners it is closed, with fewer it stays; false then.
function settle() {
  if (!pen) return true;
  if (pen.corners.length >= 3) close();
  else if (pen.corners.length) tell(say("open_shape", { n: pen.corners.length }));
  else finish();
  return !pen;
}

function begin(kind) {
  const again = pen?.kind === kind;
  if (again && pen.corners.length < 3) finish();
  else if (settle() && !again) pick(kind);
}

function pick(kind) {
  pen = { kind, at: [0.5, 0.5], corners: [] };
  chosen = null;
  tell(say("how_to_draw"));
  sheet.focus({ preventScroll: true });
  show();
}

function setCorner(at) {
  const first = pen.corners[0];
  if (pen.corners.length >= 3 && Math.hypot((at[0] - first[0]) * painter.width, (at[1] - first[1]) * painter.height) < 12 * painter.unit) {
    close();
    return;
  }
  const [x, y] = pen.corners.at(-1) ?? [];
  if (x === at[0] && y === at[1]) return; // the second press of a double click
  pen.corners.push(corner(at));
  tell(say("corner_set", { n: pen.corners.length, x: percent(at[0]), y: percent(at[1]) }));
  show();
}

function close() {
  const { kind, corners } = pen;
  if (corners.length < 3) {
    tell(say("three_corners"));
    return;
  }
  pen = null;
  const index = drawing.now[kind].length;
  drawing.change((now) => {
    if (kind === "masks") {
      now.masks.push(corners);
      return;
    }
    const id = freeId(now.zones);
    const [zh, en] = ["zh", "en"].map((language) => own.zone_n[language].replace("%(n)s", index + 1));
    now.zones.push({ id, name: { zh, en }, polygon: corners, checks: [...given.usual], dwell: given.dwell });
  });
  rows();
  choose({ kind, index }, `${kind}:${index}`);
  tell(say("closed", { name: nameOf({ kind, index }), n: corners.length }));
}

function finish() {
  pen = null;
  tell("");
  show();
}

// -- pointer: mouse, pen and finger --------------------------------------------------------------------------------

const spot = (event) => {
  const frame = sheet.getBoundingClientRect();
  return [round((event.clientX - frame.left) / frame.width), round((event.clientY - frame.top) / frame.height)];
};

function grab(event) {
  const target = event.target.closest("[data-key]");
  const [kind, index, at, half] = (target?.dataset.key ?? "").split(":");
  if (!kind) {
    choose(null);
    return;
  }
  const of = { kind, index: Number(index) };
  let polygon = copy(polygonOf(of));
  let point = at === undefined ? null : Number(at);
  if (half) {
    polygon.splice(point + 1, 0, spot(event));
    point += 1;
  }
  drag = { of, point, from: spot(event), polygon, run: `drag ${event.timeStamp}`, moved: Boolean(half) };
  choose(of, point === null ? `${kind}:${index}` : `${kind}:${index}:${point}`);
  if (half) shape(of, polygon, drag.run, `${kind}:${index}:${point}`);
}

sheet.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  if (pen) setCorner(spot(event));
  else {
    grab(event);
    if (drag) sheet.setPointerCapture(event.pointerId);
    else sheet.focus({ preventScroll: true });
  }
});
sheet.addEventListener("pointermove", (event) => {
  if (pen) {
    pen.at = spot(event);
    painter.paintPen(pen);
    return;
  }
  if (!drag) return;
  const [x, y] = spot(event);
  if (!drag.moved && Math.hypot(x - drag.from[0], y - drag.from[1]) < 0.004) return; // a tap is no move
  drag.moved = true;
  if (drag.point === null) shape(drag.of, moved(drag.polygon, x - drag.from[0], y - drag.from[1]), drag.run);
  else shape(drag.of, drag.polygon.map((each, index) => (index === drag.point ? corner([x, y]) : each)), drag.run);
});
function drop() {
  if (drag) drawing.pause();
  drag = null;
}
sheet.addEventListener("pointerup", drop);
sheet.addEventListener("pointercancel", drop);
sheet.addEventListener("dblclick", () => pen && close());

// -- keyboard ------------------------------------------------------------------------------------------------------

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const pace = (event) => (event.shiftKey ? 0.05 : event.altKey ? 0.002 : 0.01);

function penKey(event) {
  const way = WAYS[event.key];
  if (way) {
    pen.at = corner([pen.at[0] + way[0] * pace(event), pen.at[1] + way[1] * pace(event)]);
    tell(say("pen_at", { x: percent(pen.at[0]), y: percent(pen.at[1]) }));
    painter.paintPen(pen);
  } else if (event.key === " ") setCorner(pen.at);
  else if (event.key === "Enter") close();
  else if (event.key === "Escape") finish();
  else if (event.key === "Backspace" && pen.corners.length) {
    pen.corners.pop();
    show();
  } else return false;
  return true;
}

function remove(of) {
  const name = nameOf(of);
  drawing.change((now) => now[of.kind].splice(of.index, 1));
  chosen = null;
  rows();
  show();
  sheet.focus({ preventScroll: true });
  tell(say("removed", { name }));
}

function shapeKey(event, of, point) {
  const way = WAYS[event.key];
  const polygon = polygonOf(of);
  const key = `${of.kind}:${of.index}`;
  if (way) {
    const [dx, dy] = way.map((each) => each * pace(event));
    if (point === null) shape(of, moved(polygon, dx, dy), `keys ${key}`, key);
    else shape(of, polygon.map((each, index) => (index === point ? corner([each[0] + dx, each[1] + dy]) : each)), `keys ${key}:${point}`, `${key}:${point}`);
    const [x, y] = point === null ? middle(polygonOf(of)) : polygonOf(of)[point];
    tell(say("moved_to", { x: percent(x), y: percent(y) }));
  } else if (event.key === "Delete" || event.key === "Backspace") {
    if (point === null) remove(of);
    else if (polygon.length <= 3) tell(say("three_corners"));
    else {
      shape(of, polygon.filter((_, index) => index !== point), "", `${key}:${Math.max(0, point - 1)}`);
      tell(say("corner_removed", { n: polygon.length - 1 }));
    }
  } else if (point === null && event.key === "Enter") choose(of, `${key}:0`);
  else if (point !== null && ["Insert", "+", "Enter"].includes(event.key)) {
    const next = polygon[(point + 1) % polygon.length];
    const between = corner([(polygon[point][0] + next[0]) / 2, (polygon[point][1] + next[1]) / 2]);
    shape(of, polygon.toSpliced(point + 1, 0, between), "", `${key}:${point + 1}`);
    tell(say("corner_added", { n: polygon.length + 1 }));
  } else if (event.key === "Escape") choose(of, key);
  else return false;
  return true;
}

sheet.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  const [kind, index, at] = (event.target.dataset.key ?? "").split(":");
  const done = pen ? penKey(event) : kind ? shapeKey(event, { kind, index: Number(index) }, at === undefined ? null : Number(at)) : false;
  if (!done) return;
  event.preventDefault();
  event.stopPropagation();
});
sheet.addEventListener("focusin", (event) => {
  const [kind, index] = (event.target.dataset.key ?? "").split(":");
  if (!kind || drag || pen) return;
  const of = { kind, index: Number(index) };
  if (!same(chosen, of)) choose(of, event.target.dataset.key);
});
sheet.addEventListener("keyup", () => drawing.pause());

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches("input, textarea")) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  back(key === "y" || event.shiftKey);
});

function back(forward) {
  if (!(forward ? drawing.redo() : drawing.undo())) return;
  rows();
  choose(chosen);
  tell(say(forward ? "redone" : "undone"));
}

// -- the list beside the picture -----------------------------------------------------------------------------------

list.addEventListener("input", (event) => {
  const part = event.target.closest("[data-shape]");
  const zone = drawing.now.zones[Number(part.dataset.shape.split(":")[1])];
  const field = event.target;
  drawing.change(() => {
    if (field.name === "check") zone.checks = [...part.querySelectorAll("[name=check]:checked")].map((each) => each.value);
    else if (field.name === "dwell") zone.dwell = Number(field.value);
    else zone.name[field.name] = field.value;
  }, `field ${part.dataset.shape} ${field.name}`);
  part.querySelector("legend").textContent = nameOf({ kind: "zones", index: Number(part.dataset.shape.split(":")[1]) });
  show();
});
list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const [kind, index] = (event.target.closest("[data-shape]")?.dataset.shape ?? "").split(":");
  if (!kind) return;
  const of = { kind, index: Number(index) };
  if (button && "remove" in button.dataset) remove(of);
  else if (button && "corners" in button.dataset) choose(of, `${kind}:${index}:0`);
  else if (!same(chosen, of)) choose(of);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.draw) begin(button.dataset.draw);
  if (button.id === "undo" || button.id === "redo") back(button.id === "redo");
  if (!button.dataset.version) return;
  const version = given.versions.find((each) => String(each.version) === button.dataset.version);
  drawing.change((now) => Object.assign(now, copy({ zones: version.zones, masks: version.masks })));
  rows();
  choose(null);
  tell(say("loaded", { n: version.version }));
  sheet.scrollIntoView({ block: "center" });
});

// -- saving --------------------------------------------------------------------------------------------------------

function problems(found) {
  const box = byId("problems");
  box.hidden = !found.length;
  box.querySelector("ul").replaceChildren(...found.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  if (found.length) box.focus();
}

function amiss() {
  const all = [...drawing.now.zones.map((_, index) => ({ kind: "zones", index })), ...drawing.now.masks.map((_, index) => ({ kind: "masks", index }))];
  const found = all.filter((of) => crossed(polygonOf(of))).map((of) => say("crossed", { name: nameOf(of) }));
  const bare = drawing.now.zones.filter((zone) => !zone.checks.length).map((zone) => say("no_checks", { name: zone.name[own.language] || zone.id }));
  return [...found, ...bare];
}

// "zones.0.polygon" by the name a person gave it.
function inWords({ key, message, code }) {
  const [, kind, index] = /^(zones|masks)\.(\d+)/.exec(key) ?? [];
  const of = kind && { kind, index: Number(index) };
  const said = own[code] ?? message;
  if (key === "masks" || key === "zones") return said; // of all of them
  const name = of && polygonOf(of) ? nameOf(of) : key;
  return said.includes("%(name)s") ? say(code, { name }) : `${name}: ${said}`;
}

byId("save-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = byId("save");
  const wrong = settle() ? amiss() : [say("open_shape", { n: pen.corners.length })];
  problems(wrong);
  if (wrong.length || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const zones = drawing.now.zones.map((zone) => ({ ...zone, name: { zh: zone.name.zh || zone.name.en || zone.id, en: zone.name.en || zone.name.zh || zone.id } }));
  try {
    const { ok, said } = await ask(`/api/v1/cameras/${given.camera}/zones`, { zones, masks: drawing.now.masks, version: given.version }, "PUT");
    if (!said) return;
    if (ok) {
      drawing = new Drawing(copy(drawing.now.zones), copy(drawing.now.masks));
      location.reload();
    } else if (said.errors) problems(said.errors.map(inWords));
    else notice(own[said.code] ?? words.refused[said.code] ?? said.detail, true);
  } catch {
    notice(own.unsent, true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
new ResizeObserver(() => show()).observe(sheet);
rows();
show();
for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false;
start(() => { byId("viewing").hidden = false; });
