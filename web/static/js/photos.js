// Photos: made smaller on the phone, shown at once, kept until the hub has them, sent again when it did not work.
import { given, notice, refusal, renew, say } from "./phone.js";
import { asText } from "./picture.js";

const STORE = `photos ${given.me} ${given.order}`;

const load = () => JSON.parse(localStorage.getItem(STORE) ?? "[]");
const save = (drafts) => localStorage.setItem(STORE, JSON.stringify(drafts));
const drop = (id) => save(load().filter((draft) => draft.id !== id));

export async function take(file, kind) {
  let data;
  try {
    data = await asText(file);
  } catch {
    notice(say("bad_picture"), true);
    return;
  }
  const draft = { id: crypto.getRandomValues(new Uint32Array(2)).join("-"), kind, data };
  try {
    save([...load(), draft]);
  } catch {
    notice(say("too_full"), true);
  }
  show(draft);
  send(draft);
}

function show(draft) {
  const box = document.createElement("div");
  box.className = "draft";
  box.id = `draft-${draft.id}`;
  const picture = new Image();
  picture.src = draft.data;
  picture.alt = "";
  const words = document.createElement("p");
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  const label = say("uploading", { percent: "" });
  bar.setAttribute("aria-label", label);
  box.append(picture, bar, words);
  document.getElementById("drafts")?.append(box);
}

function send(draft) {
  const box = document.getElementById(`draft-${draft.id}`);
  const words = box.querySelector("p");
  const request = new XMLHttpRequest();
  request.open("POST", `${given.photos || `/api/v1/work-orders/${given.order}/photos?kind=`}${draft.kind}`);
  request.setRequestHeader("X-CSRF-Token", given.csrf);
  request.setRequestHeader("Content-Type", "image/jpeg");
  request.setRequestHeader("Idempotency-Key", draft.id);
  request.timeout = 120_000;
  request.upload.onprogress = (event) => {
    const percent = Math.round((100 * event.loaded) / event.total);
    box.querySelector("progress").value = percent;
    words.textContent = say("uploading", { percent });
  };
  request.onload = () => {
    if (request.status === 200) {
      drop(draft.id);
      box.remove();
      document.dispatchEvent(new Event("photo-kept"));
      return;
    }
    let said = {};
    try { said = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
    if (said.code === "csrf" && !draft.renewed) {
      draft.renewed = true;
      renew().then((own) => own && send(draft), () => failed(draft, box, say("photo_failed")));
      return;
    }
    if ([409, 413, 422].includes(request.status)) drop(draft.id); // it will never be taken
    failed(draft, box, refusal(said.code, said.detail ?? say("photo_failed")));
  };
  request.onerror = request.ontimeout = () => failed(draft, box, say("photo_failed"));
  request.send(bytes(draft.data));
}

function failed(draft, box, why) {
  box.querySelector("p").textContent = why;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "button";
  again.textContent = say("again");
  again.addEventListener("click", () => { again.remove(); send(draft); });
  box.append(again);
  addEventListener("online", () => { if (again.isConnected) again.click(); }, { once: true });
}

function bytes(data) {
  const text = atob(data.slice(data.indexOf(",") + 1));
  return new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}

// Drafts of before, after the page was made anew.
export function pickUp() {
  for (const draft of given.order ? load() : []) {
    if (document.getElementById(`draft-${draft.id}`)) continue;
    show(draft);
    send(draft);
  }
}
