// One sound per signal, made here: no file, no download. Fire, gas and SOS cannot be mistaken for a fault.
let audio = null;
const said = new Set();

// [start s, length s, frequency Hz, wave, frequency at the end]; period: seconds until it repeats.
const TONES = {
  fire: { period: 2, notes: [[0, 0.5, 960, "square", 960], [0.5, 0.5, 700, "square", 700], [1, 0.5, 960, "square", 960], [1.5, 0.5, 700, "square", 700]] },
  gas: { period: 2.4, notes: [[0, 0.16, 1320, "sawtooth", 1320], [0.26, 0.16, 1320, "sawtooth", 1320], [0.52, 0.16, 1320, "sawtooth", 1320]] },
  sos: { period: 2, notes: [[0, 0.9, 500, "triangle", 1100], [0.95, 0.9, 1100, "triangle", 500]] },
  drill: { period: 6, notes: [[0, 0.3, 520, "sine", 520], [0.4, 0.3, 660, "sine", 660], [0.8, 0.3, 520, "sine", 520]] },
  fault: { period: 6, notes: [[0, 0.35, 420, "sine", 420]] },
  other: { period: 8, notes: [[0, 0.14, 620, "sine", 620], [0.22, 0.18, 780, "sine", 780]] },
};

let current = "";
let timer = 0;

function context() {
  audio ??= new AudioContext();
  return audio;
}

export const running = () => context().state === "running";

export async function unlock() {
  await context().resume();
  return running();
}

export function play(signal) {
  const { notes } = TONES[signal] ?? TONES.other;
  const sound = context();
  if (sound.state !== "running") return;
  for (const [start, length, from, wave, to] of notes) {
    const at = sound.currentTime + 0.02 + start;
    const tone = sound.createOscillator();
    const level = sound.createGain();
    tone.type = wave;
    tone.frequency.setValueAtTime(from, at);
    tone.frequency.linearRampToValueAtTime(to, at + length);
    level.gain.setValueAtTime(0, at);
    level.gain.linearRampToValueAtTime(0.32, at + 0.02);
    level.gain.setValueAtTime(0.32, at + length - 0.04);
    level.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(level).connect(sound.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}

// Repeat the signal's sound until told otherwise; "" is silence.
export function ring(signal) {
  const wanted = signal && !(signal in TONES) ? "other" : signal;
  document.documentElement.dataset.ringing = wanted;
  if (wanted === current) return;
  current = wanted;
  clearInterval(timer);
  if (!wanted) return;
  play(wanted);
  timer = setInterval(play, TONES[wanted].period * 1000, wanted);
}

// Say `words` once under `id`, where this screen has leave to sound and a voice.
export function speak(id, words) {
  if (said.has(id) || !running() || !("speechSynthesis" in window)) return;
  said.add(id);
  const voice = new SpeechSynthesisUtterance(words);
  voice.lang = document.documentElement.lang;
  speechSynthesis.speak(voice);
}
