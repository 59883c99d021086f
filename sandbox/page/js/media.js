/** What a message carries besides text: photos, voices, files, stickers, places, contacts. */

import { api } from "./connection.js";
import { avatar, fullName, h, icon } from "./dom.js";
import { t } from "./texts.js";

const BARS = 32;

function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function size(bytes) {
  if (!bytes) return "";
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function photo(message) {
  const largest = message.photo[message.photo.length - 1];
  const image = h("img", { class: "photo", src: api.fileUrl(largest.file_id), alt: message.caption || t("photo"), loading: "lazy", width: largest.width, height: largest.height });
  image.addEventListener("error", () => image.replaceWith(h("span", { class: "photo missing" }, icon("image"))), { once: true });
  return h("a", { class: "photo-link", href: api.fileUrl(largest.file_id), target: "_blank", rel: "noopener" }, image);
}

/** A voice's bars: no waveform comes with it, so they are drawn from the file's id and always look the same. */
function bars(id) {
  let seed = [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7);
  return Array.from({ length: BARS }, () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return h("i", { style: `height:${20 + (seed >>> 8) % 80}%` });
  });
}

function voice(sound) {
  const audio = h("audio", { src: api.fileUrl(sound.file_id), preload: "none" });
  const left = h("span", { class: "voice-time" }, clock(sound.duration));
  const wave = h("span", { class: "voice-wave", "aria-hidden": "true" }, bars(sound.file_id));
  const button = h("button", { type: "button", class: "voice-play", "aria-label": t("play"), onclick: () => (audio.paused ? audio.play().catch(() => undefined) : audio.pause()) }, icon("play"));
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", t(audio.paused ? "play" : "pause"));
  };
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, show);
  audio.addEventListener("timeupdate", () => {
    const done = audio.currentTime / (Number.isFinite(audio.duration) ? audio.duration : sound.duration || 1);
    [...wave.children].forEach((bar, at) => bar.classList.toggle("played", at < done * BARS));
    left.textContent = clock(audio.currentTime);
  });
  return h("div", { class: "voice" }, button, wave, left, audio);
}

function file(document) {
  return h("a", { class: "file", href: api.fileUrl(document.file_id), target: "_blank", rel: "noopener", download: document.file_name || "file" },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-text" }, h("b", {}, document.file_name || t("document")), h("small", {}, size(document.file_size))));
}

function sticker(it) {
  const emoji = h("span", { class: "sticker" }, it.emoji || "🖼");
  if (!it.file_id || it.is_animated || it.is_video) return emoji;
  const image = h("img", { class: "sticker-image", src: api.fileUrl(it.file_id), alt: it.emoji || t("sticker") });
  image.addEventListener("error", () => image.replaceWith(emoji), { once: true });
  return image;
}

function place({ latitude, longitude }, venue) {
  const at = `${Number(latitude).toFixed(5)}, ${Number(longitude).toFixed(5)}`;
  const map = h("div", { class: "place", role: "img", "aria-label": `${t("location")}: ${at}` }, h("span", { class: "place-pin" }, icon("pin")), h("small", {}, at));
  return venue ? h("div", { class: "venue" }, map, h("b", {}, venue.title), h("small", {}, venue.address)) : map;
}

function poll({ question, options }) {
  return h("div", { class: "poll" }, h("b", {}, question), h("ul", {}, options.map(({ text }) => h("li", {}, text))));
}

function contact(card) {
  return h("div", { class: "contact" }, avatar(card.user_id ?? 3, fullName(card)), h("span", {}, h("b", {}, fullName(card)), h("small", {}, card.phone_number)));
}

function film(video, round) {
  return h("video", { class: round ? "film round" : "film", src: api.fileUrl(video.file_id), controls: true, preload: "metadata" });
}

/** The element for a message's media, or null when it has none. */
export function media(message) {
  if (message.photo?.length) return photo(message);
  if (message.sticker) return sticker(message.sticker);
  if (message.voice ?? message.audio) return voice(message.voice ?? message.audio);
  if (message.video_note) return film(message.video_note, true);
  if (message.video ?? message.animation) return film(message.video ?? message.animation, false);
  if (message.document) return file(message.document);
  if (message.location ?? message.venue) return place(message.location ?? message.venue.location, message.venue);
  if (message.dice) return h("span", { class: "sticker", title: String(message.dice.value) }, message.dice.emoji);
  if (message.poll) return poll(message.poll);
  if (message.contact) return contact(message.contact);
  return null;
}

/** One line that stands for a message: in a quote, in a list. */
export function summary(message) {
  const words = message.text || message.caption;
  if (words) return words.replace(/\s+/gu, " ");
  if (message.photo) return `🖼 ${t("photo")}`;
  if (message.voice || message.audio) return `🎤 ${t("voice")}`;
  if (message.sticker) return `${message.sticker.emoji || ""} ${t("sticker")}`;
  if (message.video || message.video_note || message.animation) return `🎬 ${t("video")}`;
  if (message.venue) return `📍 ${message.venue.title}`;
  if (message.dice) return `${message.dice.emoji} ${message.dice.value}`;
  if (message.poll) return `📊 ${message.poll.question}`;
  if (message.document) return `📎 ${message.document.file_name || t("document")}`;
  if (message.location) return `📍 ${t("location")}`;
  if (message.contact) return `👤 ${fullName(message.contact)}`;
  return serviceText(message) ?? "…";
}

/** The sentence for a service message, or null when it is an ordinary one. */
export function serviceText(message) {
  if (message.forum_topic_created) return t("topicCreated", message.forum_topic_created);
  if (message.forum_topic_closed) return t("topicClosed");
  if (message.forum_topic_reopened) return t("topicReopened");
  if (message.forum_topic_edited) return message.forum_topic_edited.name ? t("topicEdited", message.forum_topic_edited) : t("topicIcon");
  if (message.pinned_message) return t("pinned");
  if (message.new_chat_members) return t("joined", { name: message.new_chat_members.map(fullName).join(", ") });
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return t("migrated");
  if (message.left_chat_member) return t("left", { name: fullName(message.left_chat_member) });
  return null;
}
