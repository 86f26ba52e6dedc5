// Zones and masks as they are being drawn: plain data with undo, and the geometry of it. Corners are [x, y], 0 to 1.
const MOST = 200; // steps back

export const round = (number) => Math.round(Math.min(1, Math.max(0, number)) * 10_000) / 10_000;
export const corner = ([x, y]) => [round(x), round(y)];

// What is drawn, with every step back and forth. A step is one thing a person did, however many moves it took.
export class Drawing {
  constructor(zones, masks) {
    this.now = { zones, masks };
    this.saved = JSON.stringify(this.now);
    this.past = [];
    this.future = [];
    this.run = "";
  }

  // run: of the same name as the step before, it belongs to that step (a key held down, a drag).
  change(work, run = "") {
    const before = JSON.stringify(this.now);
    work(this.now);
    if (JSON.stringify(this.now) === before) return false;
    if (!run || run !== this.run) this.past.push(before);
    if (this.past.length > MOST) this.past.shift();
    this.run = run;
    this.future = [];
    return true;
  }

  pause() { this.run = ""; }

  undo() { return this.#step(this.past, this.future); }
  redo() { return this.#step(this.future, this.past); }

  #step(from, to) {
    if (!from.length) return false;
    to.push(JSON.stringify(this.now));
    this.now = JSON.parse(from.pop());
    this.run = "";
    return true;
  }

  get dirty() { return JSON.stringify(this.now) !== this.saved; }
}

export function middle(polygon) {
  const sum = polygon.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  return [sum[0] / polygon.length, sum[1] / polygon.length];
}

// All corners together, as far as the picture's edges let the whole go.
export function moved(polygon, dx, dy) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const right = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), dx));
  const down = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), dy));
  return polygon.map(([x, y]) => corner([x + right, y + down]));
}

const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
const cross = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;

// Whether two of its sides cross: then it has no plain inside.
export function crossed(polygon) {
  const sides = polygon.map((from, index) => [from, polygon[(index + 1) % polygon.length]]);
  return sides.some(([a, b], one) => sides.some(([c, d], other) => other > one && cross(a, b, c, d)));
}

export function freeId(zones, base = "zone") {
  let number = zones.length + 1;
  while (zones.some((zone) => zone.id === `${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
