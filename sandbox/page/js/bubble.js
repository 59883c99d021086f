/** One message as a bubble with its buttons, reactions and actions. */

import { avatar, fullName, h, icon, iconButton } from "./dom.js";
import { richText, safeLink } from "./entities.js";
import { media, serviceText, summary } from "./media.js";
import { language, t } from "./texts.js";

const REACTIONS = ["👍", "👎", "❤", "🔥", "🎉", "😁", "😢", "🙏"];

/** Telegram's names of some reactions lack the mark that makes a character colourful. */
function shown(emoji) {
  return emoji === "❤" ? "❤\uFE0F" : emoji;
}

function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" });
}

function quote(message, actions) {
  const original = message.reply_to_message;
  if (!original || original.forum_topic_created) return null;
  return h("button", { type: "button", class: "quote", onclick: () => actions.jump(original.message_id) },
    h("b", {}, fullName(original.from)), h("span", { class: message.quote ? "quoted" : "" }, message.quote?.text ?? summary(original)));
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const name = origin.sender_user ? fullName(origin.sender_user) : origin.sender_user_name ?? origin.chat?.title ?? "…";
  return h("div", { class: "forwarded" }, t("forwarded", { name }));
}

function onlyFor(message) {
  return message.receiver_user ? h("div", { class: "forwarded" }, t("onlyFor", { name: fullName(message.receiver_user) })) : null;
}

function meta(message, own) {
  return h("span", { class: "meta" },
    message.edit_date ? h("span", { class: "edited" }, t("edited")) : null,
    h("time", { datetime: new Date(message.date * 1000).toISOString() }, time(message.date)),
    own ? icon("checks") : null);
}

function inlineButton(button, message, actions) {
  const style = ["danger", "success", "primary"].includes(button.style) ? button.style : "";
  if (button.url) {
    const href = safeLink(button.url);
    return h("a", { class: `inline ${style}`, href, target: "_blank", rel: "noopener noreferrer" }, button.text, icon("link"));
  }
  const press = async (event) => {
    const pressed = event.currentTarget;
    if (button.copy_text) return actions.copy(button.copy_text.text);
    pressed.classList.add("waiting");
    pressed.setAttribute("aria-busy", "true");
    await actions.press(message, button.callback_data ?? "");
    pressed.classList.remove("waiting");
    pressed.removeAttribute("aria-busy");
    return undefined;
  };
  return h("button", { type: "button", class: `inline ${style}`, disabled: Boolean(button.disabled), onclick: press }, button.text);
}

function inlineKeyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  return h("div", { class: "inline-keyboard" }, rows.map((row) => h("div", { class: "inline-row" }, row.map((button) => inlineButton(button, message, actions)))));
}

function reactions(message, actions) {
  if (!message.reactions?.length) return null;
  const counts = new Map();
  for (const { emoji, user_id } of message.reactions) counts.set(emoji, [...(counts.get(emoji) ?? []), user_id]);
  const me = actions.speaker()?.id;
  return h("div", { class: "reactions" }, [...counts].map(([emoji, people]) => {
    const mine = people.includes(me);
    return h("button", { type: "button", class: mine ? "reaction mine" : "reaction", "aria-pressed": String(mine), onclick: () => actions.react(message, mine ? "" : emoji) }, shown(emoji), h("span", {}, String(people.length)));
  }));
}

function picker(message, actions, close) {
  return h("div", { class: "reaction-picker", role: "menu" },
    REACTIONS.map((emoji) => h("button", { type: "button", role: "menuitem", onclick: () => { close(); actions.react(message, emoji); } }, shown(emoji))));
}

/** Shift a floating row back into the conversation's width. */
function keepInside(row, frame) {
  const [box, limits] = [row.getBoundingClientRect(), frame.getBoundingClientRect()];
  const shift = Math.max(0, limits.left + 6 - box.left) - Math.max(0, box.right + 12 - limits.right);
  row.style.translate = `${shift}px`;
}

function toolbar(message, own, actions) {
  const bar = h("div", { class: "actions" });
  const close = () => bar.querySelector(".reaction-picker")?.remove();
  const toggle = () => {
    if (bar.querySelector(".reaction-picker")) return close();
    const open = picker(message, actions, close);
    bar.append(open);
    keepInside(open, bar.closest(".log"));
    open.firstElementChild.focus({ preventScroll: true });
    return undefined;
  };
  bar.addEventListener("keydown", (event) => event.key === "Escape" && close());
  bar.append(
    iconButton("why", t("whyThis"), () => actions.why(message), { class: "why-button" }),
    iconButton("smile", t("react"), toggle),
    iconButton("reply", t("reply"), () => actions.reply(message)),
  );
  if (own && (message.text || message.caption)) bar.append(iconButton("edit", t("edit"), () => actions.edit(message)));
  return bar;
}

function body(message, own, actions) {
  const words = message.text ?? message.caption;
  const entities = message.entities ?? message.caption_entities ?? [];
  const attached = media(message);
  const parts = [onlyFor(message), forwarded(message), quote(message, actions), attached];
  if (words) parts.push(h("div", { class: "words", dir: "auto" }, richText(words, entities, actions.command), h("span", { class: "meta-space" }, meta(message, own))));
  else if (!attached) parts.push(h("div", { class: "words faint" }, t("unsupported"), h("span", { class: "meta-space" }, meta(message, own))));
  else parts.push(h("div", { class: "meta-alone" }, meta(message, own)));
  return parts;
}

function shape(message) {
  if (message.sticker) return "bare";
  if (message.dice) return "bare";
  if (message.photo || message.location || message.video) return message.caption ? "framed" : "framed captionless";
  return "";
}

function picture(sender) {
  if (sender?.is_bot) return h("img", { class: "avatar", src: "page/icon.svg", alt: "" });
  return avatar(sender?.id ?? 0, fullName(sender));
}

/** A pill in the middle: a day, or something that happened. */
export function pill(text) {
  return h("div", { class: "pill" }, h("span", {}, text));
}

/**
 * The element for a message; `own` puts it on the right, `named` shows who speaks (groups), `tail` ends a run of one
 * sender, `joined` tells which neighbours are of the same album: "above", "below" or both.
 */
export function bubble(message, { own, named, first, tail, joined = "", actions }) {
  const service = serviceText(message);
  if (service) return pill(service);
  const sender = message.from ?? message.sender_chat;
  const side = h("div", { class: "bubble-side" }, toolbar(message, own, actions));
  const card = h("div", { class: `bubble ${shape(message)} ${tail ? "tail" : ""}` },
    named && first ? h("div", { class: `sender ink-${Math.abs(sender?.id ?? 0) % 7}` }, fullName(sender)) : null,
    body(message, own, actions), reactions(message, actions));
  const column = h("div", { class: "bubble-column" }, h("div", { class: "bubble-line" }, card, side), inlineKeyboard(message, actions));
  return h("article", { class: `message ${own ? "own" : "other"} ${first ? "first" : ""} ${joined}`, "data-message": message.message_id, tabindex: -1 },
    named ? h("div", { class: "message-avatar" }, tail ? picture(sender) : null) : null, column);
}

