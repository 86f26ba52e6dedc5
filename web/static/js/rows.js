// The list of alarms: nothing moves under the pointer or the keyboard, and what is out of sight is counted.
import { byId, say } from "./page.js";

const list = byId("rows");
const first = byId("first");
const box = byId("others");
let unseen = new Set();
let anchor = null; // { row, top } before a swap, while somebody points at the list

const rows = () => [...list.children].filter((row) => !row.hidden);
const busy = () => list.matches(":hover") || list.contains(document.activeElement);

function scroller() {
  return getComputedStyle(list).overflowY === "auto" ? list : document.scrollingElement;
}

function pointedAt() {
  return list.querySelector(".row:hover") ?? document.activeElement?.closest?.(".row") ?? rows().find((row) => row.getBoundingClientRect().bottom > list.getBoundingClientRect().top);
}

export function beforeSwap() {
  const row = busy() ? pointedAt() : null;
  anchor = row ? { id: row.id, top: row.getBoundingClientRect().top, known: new Set([...list.children].map((r) => r.id)) } : null;
}

// Put the row back where it was on the screen, with padding where scrolling alone cannot.
function restore() {
  const row = anchor && byId(anchor.id);
  if (!row) return;
  const frame = scroller();
  frame.scrollTop += row.getBoundingClientRect().top - anchor.top;
  let off = row.getBoundingClientRect().top - anchor.top;
  if (off < -0.5) list.style.paddingTop = `${(parseFloat(list.style.paddingTop) || 0) - off}px`;
  if (off > 0.5) {
    list.style.paddingBottom = `${(parseFloat(list.style.paddingBottom) || 0) + off}px`;
    frame.scrollTop += off;
  }
}

function settleOrder() {
  list.style.paddingTop = list.style.paddingBottom = "";
  for (const row of [...list.querySelectorAll(".gone")]) row.remove();
  const byKey = (a, b) => a.dataset.key.localeCompare(b.dataset.key, undefined, { numeric: true });
  const sorted = [...list.children].sort(byKey);
  if (sorted.some((row, index) => row !== list.children[index])) list.append(...sorted);
}

export function showPinned() {
  const pinned = first.querySelector("[data-alarm]")?.dataset.alarm ?? "";
  for (const row of list.children) row.hidden = row.dataset.alarm === pinned || "folded" in row.dataset;
}

function count() {
  const frame = list.getBoundingClientRect();
  const top = Math.max(frame.top, 0);
  const bottom = scroller() === list ? frame.bottom : innerHeight;
  const all = rows().filter((row) => !row.classList.contains("gone"));
  const below = all.filter((row) => row.getBoundingClientRect().bottom > bottom + 8).length;
  for (const row of all) if (row.getBoundingClientRect().top >= top - 8) unseen.delete(row.id);
  for (const id of unseen) if (!byId(id) || byId(id).hidden) unseen.delete(id);
  const above = all.filter((row) => row.getBoundingClientRect().top < top - 8).length;
  byId("others-count").textContent = all.length
    ? say("others", { open: all.length, waiting: all.filter((row) => row.classList.contains("unacked")).length, more: above + below })
    : "";
  byId("none").hidden = all.length > 0;
  const more = byId("chip-more");
  more.hidden = !below || scroller() !== list;
  more.textContent = say("more_below", { n: below });
  const fresh = byId("chip-new");
  fresh.hidden = !unseen.size;
  fresh.textContent = say("new_above", { n: unseen.size });
}

export function afterSwap() {
  showPinned();
  if (anchor && busy()) {
    for (const row of list.children) if (!anchor.known.has(row.id)) unseen.add(row.id);
    restore();
  } else {
    settleOrder();
  }
  anchor = null;
  count();
}

function left() {
  if (!busy()) {
    settleOrder();
    count();
  }
}

list.addEventListener("pointerleave", left);
list.addEventListener("focusout", () => setTimeout(left));
list.addEventListener("scroll", count, { passive: true });
addEventListener("scroll", count, { passive: true });
addEventListener("resize", count);
byId("chip-new").addEventListener("click", () => scroller().scrollTo({ top: scroller() === list ? 0 : box.offsetTop }));
byId("chip-more").addEventListener("click", () => list.scrollBy({ top: list.clientHeight - 64 }));

export function open() { return rows().filter((row) => !row.classList.contains("gone")); }

showPinned();
settleOrder();
count();
