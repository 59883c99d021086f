/** What can be sent besides text, each made so that a visitor without files or a microphone can try it too. */

import { t } from "./texts.js";

export const STICKERS = ["👋", "😀", "🤔", "😡", "🎉", "🏕️"];
const PLACE = { latitude: 55.75393, longitude: 37.62079 };
const STRANGER_PHONE = "+79990000000";
const SAMPLE_RATE = 8000;
const SAMPLE_S = 2;

function base64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

async function encoded(blob) {
  return base64(new Uint8Array(await blob.arrayBuffer()));
}

function choose(accept) {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = accept;
    input.onchange = () => resolve(input.files[0] ?? null);
    input.oncancel = () => resolve(null);
    input.click();
  });
}

async function sendFile(composer, kind, accept) {
  const file = await choose(accept);
  if (!file) return;
  const caption = composer.input.value.trim();
  composer.input.value = "";
  composer.grow();
  await composer.send({ media: { kind, file_name: file.name, mime_type: file.type || "application/octet-stream", data_base64: await encoded(file) }, ...(caption ? { caption } : {}) });
}

/** Two seconds of a soft tone as a WAV file: what is sent where no microphone is. */
function sample() {
  const count = SAMPLE_RATE * SAMPLE_S;
  const view = new DataView(new ArrayBuffer(44 + count));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + count, true); text(8, "WAVEfmt "); view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, SAMPLE_RATE, true); view.setUint32(28, SAMPLE_RATE, true);
  view.setUint16(32, 1, true); view.setUint16(34, 8, true); text(36, "data"); view.setUint32(40, count, true);
  for (let at = 0; at < count; at += 1) {
    const fade = Math.sin((Math.PI * at) / count);
    view.setUint8(44 + at, 128 + Math.round(40 * fade * Math.sin((2 * Math.PI * 330 * at) / SAMPLE_RATE)));
  }
  return new Blob([view.buffer], { type: "audio/wav" });
}

async function record(app) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  await app.hold(t("recording"));
  recorder.stop();
  await ended;
  for (const track of stream.getTracks()) track.stop();
  return new Blob(parts, { type: recorder.mimeType });
}

async function sendVoice(composer, app) {
  let sound;
  try {
    sound = await record(app);
  } catch {
    app.notify(t("noMicrophone"));
    sound = sample();
  }
  await composer.send({ media: { kind: "voice", mime_type: sound.type.split(";")[0], data_base64: await encoded(sound) } });
}

/** Send a sticker that is one large emoji. */
export function sendSticker(composer, emoji) {
  return composer.send({ media: { kind: "sticker", emoji } });
}

/** The entries of the attach menu: {icon, label, run}. */
export function attachments({ composer, app, side }) {
  const entries = [
    { icon: "image", label: t("photo"), run: () => sendFile(composer, "photo", "image/*") },
    { icon: "file", label: t("document"), run: () => sendFile(composer, "document", "") },
    { icon: "mic", label: t("voice"), run: () => sendVoice(composer, app) },
    { icon: "pin", label: t("location"), run: () => composer.send({ media: { kind: "location", ...PLACE } }) },
  ];
  if (side.group) return entries;
  return [
    ...entries,
    { icon: "contact", label: t("ownContact"), run: () => app.shareContact(side.target(), side.speaker(), true) },
    { icon: "user", label: t("otherContact"), run: () => app.shareContact(side.target(), side.speaker(), false, STRANGER_PHONE) },
  ];
}
