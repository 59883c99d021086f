/** The page: two panes and a panel, what they show, and what people do in them. */

import { ChatPane, heading } from "./chat.js";
import { api, CallFailed, follow } from "./connection.js";
import { DecisionPanel } from "./decision.js";
import { avatar, fill, fullName, h, icon } from "./dom.js";
import { askForCustomer, CustomerList, TopicList } from "./people.js";
import { Store, threadKey } from "./store.js";
import { language, setLanguage, t } from "./texts.js";
import { TourCaption } from "./tour.js";

const PHONE = matchMedia("(max-width: 859px)");
const TOAST_MS = 4000;
const ANSWER_WAIT_MS = 15000;

class App {
  constructor() {
    this.view = { tab: "customers", customerId: null, threadId: 0, operatorId: null };
    this.store = new Store(() => this.render());
    this.online = false;
    this.scheduled = false;
    this.answers = new Map();
    this.waiting = new Map();
    this.customers = new CustomerList(this);
    this.topics = new TopicList(this);
    this.customerChat = new ChatPane(this, this.customerSide());
    this.groupChat = new ChatPane(this, this.groupSide());
    this.decision = new DecisionPanel(this);
    this.tour = new TourCaption(this);
    this.build();
    PHONE.addEventListener("change", () => this.render());
    document.addEventListener("visibilitychange", () => this.render());
    follow({ onState: (state) => this.onState(state), onEvent: (event) => this.onEvent(event), onStatus: (online) => this.onStatus(online) });
  }

  build() {
    this.topBar = h("header", { class: "top" });
    this.tabs = h("nav", { class: "tabs", role: "tablist" });
    this.toasts = h("div", { class: "toasts", role: "status", "aria-live": "assertive" });
    this.panes = {
      customers: h("section", { class: "pane pane-customers", id: "pane-customers" }, this.customers.element, this.customerChat.element),
      operators: h("section", { class: "pane pane-operators", id: "pane-operators" }, this.topics.element, this.groupChat.element),
      why: this.decision.element,
    };
    this.main = h("main", { class: "panes" }, ...Object.values(this.panes));
    document.body.append(this.topBar, this.tour.element, this.main, this.tabs, this.toasts);
    this.draw();
  }

  customerSide() {
    return {
      tab: "customers", group: false,
      speaker: () => this.store.users.get(this.view.customerId) ?? null,
      target: () => (this.view.customerId === null ? null : { chatId: this.view.customerId, threadId: 0 }),
      label: () => t("customers"),
      header: () => {
        const user = this.store.users.get(this.view.customerId);
        if (!user || !this.store.bot) return [];
        const busy = this.store.typing.get(threadKey(user.id));
        const note = busy ? h("span", { class: "typing" }, `${t(busy.action === "upload_photo" ? "sendingPhoto" : "typing")}…`) : t("online");
        return [...heading(h("img", { class: "avatar", src: "page/icon.svg", alt: "" }), fullName(this.store.bot), note), h("span", { class: "as", title: `${t("speaksAs")}: ${fullName(user)}` }, avatar(user.id, fullName(user), "small"), fullName(user))];
      },
      empty: () => [h("img", { src: "page/icon.svg", alt: "", width: 72, height: 72 }), h("p", {}, t("startHint")), h("button", { type: "button", class: "strong", onclick: () => this.customerChat.composer.sendText("/start") }, t("start"))],
    };
  }

  groupSide() {
    return {
      tab: "operators", group: true,
      speaker: () => this.store.users.get(this.view.operatorId) ?? null,
      target: () => (this.store.group ? { chatId: this.store.group.id, threadId: this.view.threadId } : null),
      label: () => t("operators"),
      header: () => this.groupHeader(),
      empty: () => h("p", {}, t(this.store.group ? "emptyTopic" : "noGroup")),
    };
  }

  groupHeader() {
    const { group } = this.store;
    if (!group) return [];
    const topic = this.store.topics.get(threadKey(group.id, this.view.threadId));
    const title = this.view.threadId ? topic?.name ?? "…" : group.title ?? t("operators");
    const note = this.view.threadId ? (topic?.closed ? t("closed") : group.title) : t("members", { count: this.store.memberIds.size });
    const speakers = h("div", { class: "speakers", role: "radiogroup", "aria-label": t("speaksAs") }, this.store.operators.map((user) => {
      const chosen = user.id === this.view.operatorId;
      return h("button", { type: "button", role: "radio", class: "speaker", "aria-checked": String(chosen), "aria-label": fullName(user), title: `${t("speaksAs")}: ${fullName(user)}`, onclick: () => this.choose({ operatorId: user.id }) }, avatar(user.id, fullName(user), "small"), h("span", {}, user.first_name));
    }));
    return [...heading(null, title, note), speakers];
  }

  /** Redraw everything once, at the next frame. */
  render() {
    if (this.scheduled) return;
    this.scheduled = true;
    const draw = () => { this.scheduled = false; this.draw(); };
    if (document.hidden) setTimeout(draw);
    else requestAnimationFrame(draw);
  }

  draw() {
    document.documentElement.lang = language();
    document.title = t("title");
    document.body.dataset.tab = this.view.tab;
    document.body.dataset.online = String(this.online);
    this.customerChat.render();
    this.groupChat.render();
    this.customers.render();
    this.topics.render();
    this.decision.render();
    this.tour.render();
    this.drawTop();
    this.drawTabs();
  }

  drawTop() {
    const version = `${language()}:${this.online}`;
    if (this.topBar.dataset.version === version) return;
    this.topBar.dataset.version = version;
    const other = language() === "ru" ? "en" : "ru";
    fill(this.topBar,
      h("div", { class: "brand" }, h("img", { src: "page/icon.svg", alt: "", width: 28, height: 28 }), h("h1", {}, language() === "ru" ? "Ответ" : "Otvet"), h("span", { class: "brand-note" }, t("sandbox"))),
      h("span", { class: "status", role: "status" }, this.online ? t("connected") : t("connecting")),
      h("span", { class: "spring" }),
      h("button", { type: "button", class: "strong tour-button", "aria-label": t("tour"), onclick: () => this.tour.start() }, icon("play"), h("span", { class: "wide" }, t("tour")), h("span", { class: "narrow" }, t("tourShort"))),
      h("button", { type: "button", class: "quiet language-button", lang: other, "aria-label": t("languageLabel"), onclick: () => this.switchLanguage(other) }, h("span", { class: "wide" }, t("language")), h("span", { class: "narrow" }, other.toUpperCase())));
  }

  drawTabs() {
    const { store } = this;
    const unread = { customers: store.customers.reduce((sum, user) => sum + store.unread(threadKey(user.id)), 0), operators: store.groupTopics.reduce((sum, topic) => sum + store.unread(threadKey(topic.chat_id, topic.thread_id)), 0), why: 0 };
    const icons = { customers: "user", operators: "people", why: "why" };
    const version = JSON.stringify([language(), this.view.tab, unread]);
    if (this.tabs.dataset.version === version) return;
    this.tabs.dataset.version = version;
    this.tabs.setAttribute("aria-label", t("tabs"));
    fill(this.tabs, Object.keys(icons).map((name) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(this.view.tab === name), "aria-controls": `pane-${name}`, onclick: () => this.choose({ tab: name }) },
      h("span", { class: "tab-icon" }, icon(icons[name]), unread[name] ? h("span", { class: "badge" }, String(unread[name])) : null), t(name))));
  }

  /** Whether a pane is on screen: on a phone only the chosen tab is. */
  sees(tab) {
    return !document.hidden && (!PHONE.matches || this.view.tab === tab);
  }

  choose(change) {
    Object.assign(this.view, change);
    this.render();
  }

  chooseCustomer(customerId) {
    this.choose({ customerId, tab: "customers" });
    this.decision.followLatest();
  }

  chooseTopic(threadId) {
    this.choose({ threadId, tab: "operators" });
  }

  switchLanguage(code) {
    setLanguage(code);
    this.decision.redraw();
    this.render();
  }

  async addCustomer() {
    const form = await askForCustomer();
    const user = form && await this.attempt(() => api.addUser(form));
    if (!user) return;
    this.store.on_user({ user });
    this.chooseCustomer(user.id);
  }

  onState(state) {
    this.store.load(state);
    const { customers, operators } = this.store;
    if (!this.store.users.has(this.view.customerId)) this.view.customerId = (customers.find((user) => user.language_code?.startsWith(language())) ?? customers[0])?.id ?? null;
    if (!this.store.users.has(this.view.operatorId)) this.view.operatorId = (operators.find((user) => user.language_code?.startsWith(language())) ?? operators[0])?.id ?? null;
    this.decision.refresh();
  }

  onStatus(online) {
    this.online = online;
    this.render();
  }

  onEvent(event) {
    if (event.type === "callback_answered") return this.onAnswer(event.callback_query_id, event);
    if (event.type === "tour") return this.tour.onStep(event);
    this.store.apply(event);
    if (event.type.startsWith("message")) this.decision.refresh();
    return undefined;
  }

  /** Run a call; a failure becomes a toast and false. */
  async attempt(run) {
    try {
      return (await run()) ?? true;
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      this.notify(t("failed", { error: error.message }));
      return false;
    }
  }

  send(body) {
    return this.attempt(() => api.send(body));
  }

  edit(message, user, text) {
    return this.attempt(() => api.edit({ chat_id: message.chat.id, message_id: message.message_id, user_id: user.id, text }));
  }

  react(message, user, emoji) {
    return this.attempt(() => api.react({ chat_id: message.chat.id, message_id: message.message_id, user_id: user.id, emoji }));
  }

  shareContact(target, user, own, phone) {
    return this.attempt(() => api.shareContact({ chat_id: target.chatId, user_id: user.id, own, ...(phone ? { phone } : {}) }));
  }

  stop(preview, user) {
    return this.attempt(() => api.stop({ chat_id: user.id, user_id: user.id, draft_id: preview.draft_id }));
  }

  /** Press an inline button and wait until the bot has answered the press. */
  async press(message, user, data) {
    const pressed = await this.attempt(() => api.press({ chat_id: message.chat.id, message_id: message.message_id, user_id: user.id, data }));
    if (!pressed) return;
    const id = pressed.callback_query_id;
    if (this.answers.has(id)) return;
    await new Promise((resolve) => {
      this.waiting.set(id, resolve);
      setTimeout(resolve, ANSWER_WAIT_MS);
    });
    this.waiting.delete(id);
  }

  onAnswer(id, { text, show_alert: alert }) {
    this.answers.set(id, true);
    this.waiting.get(id)?.();
    if (!text) return;
    if (alert) this.alert(text);
    else this.notify(text);
  }

  notify(text) {
    const toast = h("div", { class: "toast" }, text);
    this.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  }

  /** A box with one button; resolves when it is closed. */
  alert(text, button = t("ok")) {
    const dialog = h("dialog", { class: "alert", "aria-label": text }, h("p", {}, text), h("form", { method: "dialog", class: "dialog-buttons" }, h("button", { class: "strong" }, button)));
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => { dialog.remove(); resolve(); }));
  }

  hold(text) {
    return this.alert(text, t("send"));
  }

  async copy(text) {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    this.notify(t("copied"));
  }

  showWhy(message) {
    this.decision.show(message);
    this.choose({ tab: "why" });
    document.body.classList.add("why-open");
  }
}

new App();
