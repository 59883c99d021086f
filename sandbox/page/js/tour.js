/** The tour's caption: the story is played by the server with the real bot, the page shows where to look. */

import { api } from "./connection.js";
import { fill, h, iconButton } from "./dom.js";
import { language, t } from "./texts.js";

const LAST_CAPTION_MS = 12000;

/** A card between the header and the chats. */
export class TourCaption {
  constructor(app) {
    this.app = app;
    this.step = null;
    this.running = false;
    this.dismissed = false;
    this.element = h("aside", { class: "tour", role: "status", "aria-live": "polite", hidden: true });
  }

  async start() {
    this.dismissed = false;
    if (this.running) return this.render();
    this.running = await this.app.attempt(() => api.tour(language()));
    return undefined;
  }

  onStep(step) {
    this.running = !step.done;
    this.step = step;
    if (!this.dismissed) this.turnTo(step.chat_id);
    if (step.done) setTimeout(() => this.step === step && this.close(), LAST_CAPTION_MS);
    this.app.render();
  }

  /** Bring the chat that the step speaks of on screen. */
  turnTo(chatId) {
    const { store } = this.app;
    if (!chatId) return;
    if (store.group?.id === chatId) {
      const newest = store.groupTopics.filter((topic) => topic.thread_id).sort((a, b) => this.latest(b) - this.latest(a))[0];
      this.app.chooseTopic(newest?.thread_id ?? 0);
    } else if (store.users.has(chatId)) this.app.chooseCustomer(chatId);
  }

  latest(topic) {
    return this.app.store.messages(`${topic.chat_id}:${topic.thread_id}`).at(-1)?.message_id ?? topic.thread_id;
  }

  close() {
    this.dismissed = true;
    this.step = null;
    this.app.render();
  }

  render() {
    const { step } = this;
    const version = step && !this.dismissed ? `${step.step}:${step.title}:${step.text}:${language()}` : "";
    if (this.element.dataset.version === version) return;
    this.element.dataset.version = version;
    this.element.hidden = !version;
    if (!version) return;
    const dots = Array.from({ length: step.of ?? 0 }, (_, at) => h("i", { class: at < step.step ? "done" : "" }));
    fill(this.element,
      h("div", { class: "tour-words" }, step.of > 0 && h("p", { class: "tour-step" }, t("tourStep", step), h("span", { class: "tour-dots", "aria-hidden": "true" }, dots)), step.title && h("h2", {}, step.title), h("p", {}, step.text)),
      iconButton("close", t("tourStop"), () => this.close()));
  }
}
