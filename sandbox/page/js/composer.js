/** Where a person writes: text, attachments, replies, edits, and the bot's reply keyboard. */

import { attachments, sendSticker, STICKERS } from "./attachments.js";
import { fill, fullName, h, icon, iconButton } from "./dom.js";
import { summary } from "./media.js";
import { t } from "./texts.js";

const ONE_ROW_PX = 40;
const MOST_ROWS_PX = 160;

/** The line below a conversation. */
export class Composer {
  constructor(app, side) {
    this.app = app;
    this.side = side;
    this.reply = null;
    this.editing = null;
    this.drafts = new Map();
    this.place = null;
    this.usedKeyboard = null;
    this.hiddenKeyboard = null;
    this.latest = [];
    this.input = h("textarea", { rows: 1, maxlength: 4096, enterkeyhint: "send", oninput: () => this.grow(), onkeydown: (event) => this.onKey(event) });
    this.context = h("div", { class: "composer-context" });
    this.keyboard = h("div", { class: "reply-keyboard" });
    this.menu = h("div", { class: "attach-menu", role: "menu", hidden: true });
    this.attach = iconButton("attach", t("attach"), () => this.toggleMenu(), { "aria-haspopup": "menu", "aria-expanded": "false", class: "attach-button" });
    this.toggle = iconButton("keyboard", t("keyboard"), () => this.toggleKeyboard(), { class: "keyboard-button" });
    this.button = iconButton("send", t("send"), () => this.submit(), { class: "send-button" });
    this.line = h("form", { class: "composer-line", onsubmit: (event) => { event.preventDefault(); this.submit(); } }, this.attach, this.input, this.toggle, this.button);
    this.element = h("div", { class: "composer" }, this.context, this.line, this.keyboard, this.menu);
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.cancel());
    document.addEventListener("click", (event) => !this.element.contains(event.target) && this.closeMenu());
  }

  /** Show the composer for the conversation at hand; `messages` tell which reply keyboard stands. */
  render(messages) {
    this.latest = messages;
    const target = this.side.target();
    const place = target && `${target.chatId}:${target.threadId ?? 0}`;
    if (place !== this.place) this.move(place);
    this.element.hidden = !target || !this.side.speaker();
    const placeholder = t(this.side.group && target?.threadId ? "messageTo" : "message");
    this.input.placeholder = placeholder;
    this.input.setAttribute("aria-label", placeholder);
    for (const [button, name] of [[this.attach, "attach"], [this.toggle, "keyboard"], [this.button, "send"]]) {
      button.title = t(name);
      button.setAttribute("aria-label", t(name));
    }
    this.renderContext();
    this.renderKeyboard();
  }

  move(place) {
    if (this.place) this.drafts.set(this.place, this.editing ? "" : this.input.value);
    this.place = place;
    this.reply = null;
    this.editing = null;
    this.input.value = this.drafts.get(place) ?? "";
    this.closeMenu();
    this.grow();
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(Math.max(this.input.scrollHeight, ONE_ROW_PX), MOST_ROWS_PX)}px`;
    this.button.classList.toggle("ready", Boolean(this.input.value.trim()));
  }

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.input.value) {
      const me = this.side.speaker()?.id;
      const own = this.latest.filter((message) => message.from?.id === me && (message.text || message.caption));
      if (own.length) this.startEdit(own[own.length - 1]);
    }
  }

  startReply(message) {
    this.editing = null;
    this.reply = message;
    this.renderContext();
    this.input.focus();
  }

  startEdit(message) {
    this.reply = null;
    this.editing = message;
    this.input.value = message.text ?? message.caption;
    this.grow();
    this.renderContext();
    this.input.focus();
  }

  cancel() {
    if (this.editing) this.input.value = "";
    this.editing = null;
    this.reply = null;
    this.closeMenu();
    this.grow();
    this.renderContext();
  }

  renderContext() {
    const about = this.editing ?? this.reply;
    if (!about) return fill(this.context);
    const title = this.editing ? t("editing") : fullName(about.from);
    return fill(this.context, icon(this.editing ? "edit" : "reply"), h("div", { class: "context-words" }, h("b", {}, title), h("span", {}, summary(about))), iconButton("close", t("cancel"), () => this.cancel()));
  }

  async submit() {
    const text = this.input.value.trim();
    if (!text) return;
    const { editing } = this;
    const target = this.side.target();
    const kept = this.input.value;
    this.input.value = "";
    this.editing = null;
    this.grow();
    const done = editing
      ? await this.app.edit(editing, this.side.speaker(), text)
      : await this.send({ text });
    if (!done && this.side.target()?.chatId === target?.chatId && !this.input.value) {
      this.input.value = kept;
      this.grow();
    }
    this.renderContext();
  }

  sendText(text) {
    return this.send({ text });
  }

  /** Send what stands in `content` as the speaker; the reply it was meant for goes with it. */
  send(content) {
    const target = this.side.target();
    const speaker = this.side.speaker();
    const body = { chat_id: target.chatId, user_id: speaker.id, ...content };
    if (target.threadId) body.thread_id = target.threadId;
    if (this.reply) body.reply_to = this.reply.message_id;
    this.reply = null;
    this.closeMenu();
    return this.app.send(body);
  }

  toggleMenu() {
    if (!this.menu.hidden) return this.closeMenu();
    const items = attachments({ composer: this, app: this.app, side: this.side });
    fill(this.menu,
      items.map(({ icon: name, label, run }) => h("button", { type: "button", role: "menuitem", onclick: () => { this.closeMenu(); run(); } }, icon(name), label)),
      h("div", { class: "sticker-row", role: "group", "aria-label": t("sticker") }, STICKERS.map((emoji) => h("button", { type: "button", role: "menuitem", "aria-label": `${t("sticker")} ${emoji}`, onclick: () => { this.closeMenu(); sendSticker(this, emoji); } }, emoji))));
    this.menu.hidden = false;
    this.attach.setAttribute("aria-expanded", "true");
    this.menu.querySelector("button").focus({ preventScroll: true });
    return undefined;
  }

  closeMenu() {
    this.menu.hidden = true;
    this.attach.setAttribute("aria-expanded", "false");
  }

  /** The reply keyboard that stands: the newest message that brought or removed one decides. */
  standingKeyboard() {
    if (this.side.group) return null;
    const newest = this.latest.findLast((message) => message.reply_markup?.keyboard || message.reply_markup?.remove_keyboard);
    if (!newest?.reply_markup.keyboard) return null;
    const { message_id: id, reply_markup: markup } = newest;
    return { id, rows: markup.keyboard, once: markup.one_time_keyboard, shown: id !== this.usedKeyboard && id !== this.hiddenKeyboard, placeholder: markup.input_field_placeholder };
  }

  toggleKeyboard() {
    const standing = this.standingKeyboard();
    this.hiddenKeyboard = standing?.shown ? standing.id : null;
    this.usedKeyboard = null;
    this.renderKeyboard();
  }

  renderKeyboard() {
    const standing = this.standingKeyboard();
    this.toggle.hidden = !standing;
    this.keyboard.hidden = !standing?.shown;
    if (!standing?.shown) return fill(this.keyboard);
    if (standing.placeholder) this.input.placeholder = standing.placeholder;
    return fill(this.keyboard, standing.rows.map((row) => h("div", { class: "reply-row" }, row.map((button) => this.replyButton(button, standing)))));
  }

  replyButton(button, standing) {
    const { text } = typeof button === "string" ? { text: button } : button;
    const press = async () => {
      if (standing.once) this.usedKeyboard = standing.id;
      if (button.request_contact) await this.app.shareContact(this.side.target(), this.side.speaker(), true);
      else if (button.request_location) await this.send({ media: { kind: "location", latitude: 55.75393, longitude: 37.62079 } });
      else await this.send({ text });
      this.renderKeyboard();
    };
    return h("button", { type: "button", onclick: press }, button.request_contact ? icon("contact") : null, text);
  }
}
