/** One conversation on screen: its header, the bubbles, what is going on at the other end, and the composer. */

import { bubble, pill } from "./bubble.js";
import { Composer } from "./composer.js";
import { fill, h, icon, iconButton, reconcile } from "./dom.js";
import { serviceText } from "./media.js";
import { threadKey } from "./store.js";
import { language, t } from "./texts.js";

const RUN_S = 300;
const NEAR_BOTTOM_PX = 120;

function dayOf(seconds) {
  return new Date(seconds * 1000).toDateString();
}

function dayName(seconds) {
  const day = new Date(seconds * 1000);
  const now = new Date();
  if (day.toDateString() === now.toDateString()) return t("today");
  if (day.toDateString() === new Date(now.getTime() - 864e5).toDateString()) return t("yesterday");
  return day.toLocaleDateString(language(), { day: "numeric", month: "long", year: day.getFullYear() === now.getFullYear() ? undefined : "numeric" });
}

/**
 * A conversation's pane. `side` tells whom it serves: `speaker()` who writes here, `target()` {chatId, threadId} or
 * null, `header()` nodes, `empty()` nodes for a conversation without messages, `group` whether names are shown.
 */
export class ChatPane {
  constructor(app, side) {
    this.app = app;
    this.side = side;
    this.shownKey = null;
    this.header = h("header", { class: "chat-header" });
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: 0, onscroll: () => this.onScroll() });
    this.newest = iconButton("down", t("toNewest"), () => this.toBottom(), { class: "to-newest" });
    this.composer = new Composer(app, side);
    this.atBottom = true;
    new ResizeObserver(() => this.atBottom && this.toBottom()).observe(this.log);
    this.element = h("section", { class: `chat ${side.group ? "group" : "private"}` }, this.header, h("div", { class: "log-frame" }, this.log, this.newest), this.composer.element);
    this.actions = {
      speaker: () => side.speaker(),
      why: (message) => app.showWhy(message),
      reply: (message) => this.composer.startReply(message),
      edit: (message) => this.composer.startEdit(message),
      react: (message, emoji) => app.react(message, side.speaker(), emoji),
      press: (message, data) => app.press(message, side.speaker(), data),
      command: (text) => this.composer.sendText(text),
      copy: (text) => app.copy(text),
      jump: (messageId) => this.jump(messageId),
    };
    // A tap on a bubble shows its actions: phones have no hover.
    this.log.addEventListener("click", (event) => {
      const line = event.target.closest(".message");
      for (const other of this.log.querySelectorAll(".message.picked")) if (other !== line) other.classList.remove("picked");
      if (line && !event.target.closest("button, a, audio, video")) line.classList.toggle("picked");
    });
  }

  get key() {
    const target = this.side.target();
    return target && threadKey(target.chatId, target.threadId);
  }

  render() {
    fill(this.header, this.side.header());
    this.log.setAttribute("aria-label", this.side.label());
    const key = this.key;
    const changed = key !== this.shownKey;
    const stick = changed || this.atBottom;
    if (changed) this.log.replaceChildren();
    this.shownKey = key;
    const messages = key ? this.app.store.messages(key) : [];
    this.log.classList.toggle("still", changed);
    reconcile(this.log, messages.length ? this.items(messages, key) : this.emptyItems(key));
    this.composer.render(messages);
    if (stick) this.toBottom();
    if (this.app.sees(this.side.tab) && key && stick) this.app.store.markRead(key);
    this.onScroll();
  }

  emptyItems(key) {
    const live = this.liveItems(key);
    const version = `${key}:${language()}`;
    return [{ key: "empty", version, build: () => h("div", { class: "empty" }, this.side.empty()) }, ...live];
  }

  items(messages, key) {
    const { store } = this.app;
    const speaker = this.side.speaker();
    const items = [];
    messages.forEach((message, at) => {
      const before = messages[at - 1];
      const after = messages[at + 1];
      if (!before || dayOf(before.date) !== dayOf(message.date)) {
        items.push({ key: `day-${dayOf(message.date)}`, version: language(), build: () => pill(dayName(message.date)) });
      }
      const own = message.from?.id === speaker?.id;
      const first = !before || !sameRun(before, message);
      const tail = !after || !sameRun(message, after);
      const joined = [sameAlbum(before, message) ? "joined-above" : "", sameAlbum(message, after) ? "joined-below" : ""].join(" ");
      const version = [store.revision(message), own, first, tail, joined, speaker?.id, language()].join(":");
      items.push({ key: `m${message.message_id}`, version, build: () => bubble(message, { own, named: this.side.group, first, tail, joined, actions: this.actions }) });
    });
    return [...items, ...this.liveItems(key)];
  }

  /** What the bot is doing at this moment: a preview of its answer, or dots. */
  liveItems(key) {
    const preview = this.app.store.previews.get(key);
    if (preview) {
      const version = [preview.draft_id, preview.text, preview.can_stop, language()].join(":");
      const words = preview.text ? h("div", { class: "words" }, preview.text) : h("div", { class: "words shimmer" }, t("thinking"));
      const stop = preview.can_stop ? h("button", { type: "button", class: "inline", onclick: () => this.app.stop(preview, this.side.speaker()) }, icon("stop"), t("stop")) : null;
      return [{ key: "live", version, build: () => h("article", { class: "message other live first" }, h("div", { class: "bubble-column" }, h("div", { class: "bubble tail preview" }, words), stop && h("div", { class: "inline-keyboard" }, h("div", { class: "inline-row" }, stop)))) }];
    }
    if (this.side.group || !this.app.store.typing.has(key)) return [];
    return [{ key: "live", version: "typing", build: () => h("article", { class: "message other live first", "aria-label": t("typing") }, h("div", { class: "bubble tail dots" }, h("i"), h("i"), h("i"))) }];
  }

  nearBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM_PX;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    // A picture that loads later makes the log longer.
    for (const image of this.log.querySelectorAll("img")) if (!image.complete) image.addEventListener("load", () => { this.log.scrollTop = this.log.scrollHeight; }, { once: true });
  }

  onScroll() {
    const bottom = this.nearBottom();
    this.atBottom = bottom;
    this.newest.classList.toggle("shown", !bottom);
    const unread = this.key ? this.app.store.unread(this.key) : 0;
    this.newest.dataset.unread = unread || "";
    if (bottom && unread && this.app.sees(this.side.tab)) {
      this.app.store.markRead(this.key);
      this.app.render();
    }
  }

  jump(messageId) {
    const target = this.log.querySelector(`[data-message="${Number(messageId)}"]`);
    if (!target) return;
    target.scrollIntoView({ block: "center", behavior: "smooth" });
    target.classList.add("flash");
    setTimeout(() => target.classList.remove("flash"), 1400);
  }
}

function sameRun(one, next) {
  return !serviceText(one) && !serviceText(next) && one.from?.id === next.from?.id && next.date - one.date < RUN_S && dayOf(one.date) === dayOf(next.date);
}

function sameAlbum(one, next) {
  return Boolean(one?.media_group_id) && one.media_group_id === next?.media_group_id && one.from?.id === next.from?.id;
}

/** A header's two lines: a name and what is going on. */
export function heading(picture, title, note) {
  return [picture, h("div", { class: "heading" }, h("h2", {}, title), h("p", {}, note))];
}

