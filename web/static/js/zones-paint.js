// What is drawn, as SVG over the still: shapes, the handles of the chosen one, the pen. Attributes and classes only.
const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

export class Painter {
  constructor(sheet, say, percent, nameOf) {
    this.sheet = sheet;
    this.say = say;
    this.percent = percent;
    this.nameOf = nameOf;
    [, , this.width, this.height] = sheet.getAttribute("viewBox").split(" ").map(Number);
    this.layer = sheet.querySelector("[data-layer]");
  }

  // Units of the drawing for one pixel of the screen: handles keep their size on a phone.
  get unit() { return this.width / Math.max(1, this.sheet.clientWidth); }

  #at([x, y]) { return [x * this.width, y * this.height]; }

  #points(polygon) { return polygon.map((each) => this.#at(each).join(",")).join(" "); }

  paint({ zones, masks }, chosen, pen) {
    const all = [...masks.map((polygon, index) => ({ kind: "masks", index, polygon })), ...zones.map(({ polygon }, index) => ({ kind: "zones", index, polygon }))];
    const isChosen = (one) => chosen?.kind === one.kind && chosen.index === one.index;
    all.sort((one, other) => isChosen(one) - isChosen(other)); // the chosen one on top
    const parts = all.flatMap((one) => this.#shape(one, isChosen(one)));
    const top = all.find(isChosen);
    if (top && !pen) parts.push(...this.#handles(top));
    this.layer.replaceChildren(...parts);
    this.paintPen(pen);
  }

  #shape({ kind, index, polygon }, chosen) {
    const [x, y] = this.#at(polygon.reduce(([a, b], [c, d]) => [a + c / polygon.length, b + d / polygon.length], [0, 0]));
    const name = this.nameOf({ kind, index });
    const label = element("text", { x, y, class: "label", "font-size": 15 * this.unit, "stroke-width": 4 * this.unit, "text-anchor": "middle", "aria-hidden": "true" });
    label.textContent = name;
    return [
      element("polygon", {
        points: this.#points(polygon), class: `${kind === "masks" ? "mask" : "zone"}${chosen ? " chosen" : ""}`, "data-key": `${kind}:${index}`,
        tabindex: 0, role: "button", "aria-label": this.say("shape_said", { name, n: polygon.length }), "stroke-width": (chosen ? 3 : 2) * this.unit,
      }),
      label,
    ];
  }

  #handles({ kind, index, polygon }) {
    const name = this.nameOf({ kind, index });
    const halves = polygon.map((from, at) => {
      const to = polygon[(at + 1) % polygon.length];
      const [x, y] = this.#at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
      return element("circle", { cx: x, cy: y, r: 8 * this.unit, class: "half", "stroke-width": 1.5 * this.unit, "data-key": `${kind}:${index}:${at}:half`, "aria-hidden": "true" });
    });
    const corners = polygon.map((each, at) => {
      const [cx, cy] = this.#at(each);
      const said = this.say("corner_said", { n: at + 1, all: polygon.length, name, x: this.percent(each[0]), y: this.percent(each[1]) });
      return element("circle", { cx, cy, r: 13 * this.unit, class: "handle", "stroke-width": 3 * this.unit, "data-key": `${kind}:${index}:${at}`, tabindex: 0, role: "button", "aria-label": said });
    });
    return [...halves, ...corners];
  }

  paintPen(pen) {
    this.sheet.querySelector(".pen")?.remove();
    if (!pen) return;
    const [x, y] = this.#at(pen.at);
    const arm = 12 * this.unit;
    const line = [...pen.corners, pen.at];
    this.sheet.append(element(
      "g", { class: "pen", "aria-hidden": "true" },
      element("polyline", { points: this.#points(line), "stroke-width": 2 * this.unit }),
      ...pen.corners.map((each, index) => element("circle", { cx: this.#at(each)[0], cy: this.#at(each)[1], r: (index ? 5 : 9) * this.unit, "stroke-width": 2 * this.unit })),
      element("path", { d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`, "stroke-width": 2 * this.unit }),
    ));
  }
}
