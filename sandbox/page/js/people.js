/** The two lists: customers on the left, the operators' topics on the right. */

import { avatar, fullName, h, icon, reconcile } from "./dom.js";
import { summary } from "./media.js";
import { threadKey } from "./store.js";
import { language, t } from "./texts.js";

function badge(count) {
  return count ? h("span", { class: "badge", "aria-label": t("unread", { count }) }, count > 99 ? "99+" : String(count)) : null;
}

/** The row of customers; `choose(id)` switches, `add()` opens the form for a new one. */
export class CustomerList {
  constructor(app) {
    this.app = app;
    this.list = h("div", { class: "people-scroll" });
    this.element = h("nav", { class: "people" }, this.list);
  }

  render() {
    const { store, view } = this.app;
    this.element.setAttribute("aria-label", t("customers"));
    const items = store.customers.map((user) => {
      const unread = store.unread(threadKey(user.id));
      const current = user.id === view.customerId;
      return { key: `u${user.id}`, version: [fullName(user), user.language_code, unread, current, language()].join("|"), build: () => this.person(user, unread, current) };
    });
    reconcile(this.list, [...items, { key: "add", version: language(), build: () => this.adder() }]);
  }

  person(user, unread, current) {
    return h("button", { type: "button", class: "person", "aria-current": current ? "true" : null, title: fullName(user), onclick: () => this.app.chooseCustomer(user.id) },
      h("span", { class: "person-picture" }, avatar(user.id, fullName(user)), badge(unread), user.language_code ? h("span", { class: "person-language" }, user.language_code.slice(0, 2)) : null),
      h("span", { class: "person-name" }, user.first_name));
  }

  adder() {
    return h("button", { type: "button", class: "person adder", "aria-label": t("addCustomer"), title: t("addCustomer"), onclick: () => this.app.addCustomer() },
      h("span", { class: "person-picture" }, h("span", { class: "avatar" }, icon("plus"))), h("span", { class: "person-name", "aria-hidden": "true" }, t("add")));
  }
}

/** The topics of the operators' group. */
export class TopicList {
  constructor(app) {
    this.app = app;
    this.list = h("div", { class: "topics-scroll" });
    this.element = h("nav", { class: "topics" }, this.list);
  }

  render() {
    const { store, view } = this.app;
    this.element.setAttribute("aria-label", t("operators"));
    const items = store.groupTopics.map((topic) => {
      const key = threadKey(topic.chat_id, topic.thread_id);
      const latest = store.messages(key).at(-1);
      const current = topic.thread_id === view.threadId;
      const unread = store.unread(key);
      const version = [JSON.stringify(topic), unread, current, latest?.message_id, latest && store.revision(latest), language()].join("|");
      return { key: `t${topic.thread_id}`, version, build: () => this.topic(topic, latest, unread, current) };
    });
    if (items.length === 1) items.push({ key: "none", version: language(), build: () => h("p", { class: "hint" }, t("noTopics")) });
    reconcile(this.list, items);
  }

  topic(topic, latest, unread, current) {
    const colour = topic.icon_color === null ? null : `--topic:#${Number(topic.icon_color).toString(16).padStart(6, "0")}`;
    const name = topic.name ?? t("general");
    return h("button", { type: "button", class: `topic ${topic.closed ? "closed" : ""}`, "aria-current": current ? "true" : null, title: topic.closed ? `${name} — ${t("closed")}` : name, onclick: () => this.app.chooseTopic(topic.thread_id) },
      h("span", { class: topic.thread_id ? "topic-icon" : "topic-icon hash", style: colour, "aria-hidden": "true" }, topic.thread_id ? [...name][0] : "#"),
      h("span", { class: "topic-words" }, h("b", {}, name, topic.closed ? icon("lock") : null), h("small", {}, latest ? summary(latest) : "")),
      badge(unread));
  }
}

/** The form for a new customer; resolves to the user to add, or null. */
export function askForCustomer() {
  const field = (name, label, extra = {}) => h("label", {}, h("span", {}, label), h("input", { name, autocomplete: "off", ...extra }));
  const form = h("form", { method: "dialog" },
    h("h2", {}, t("addCustomer")),
    field("first_name", t("firstName"), { required: "", maxlength: 64 }), field("last_name", t("lastName"), { maxlength: 64 }), field("phone", t("phone"), { type: "tel", placeholder: "+79161234567" }),
    h("label", {}, h("span", {}, t("languageOf")), h("select", { name: "language_code" }, h("option", { value: "ru" }, "Русский"), h("option", { value: "en" }, "English"))),
    h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("cancel")), h("button", { type: "submit", value: "add", class: "strong" }, t("add"))));
  form.elements.language_code.value = language();
  const dialog = h("dialog", { "aria-label": t("addCustomer") }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const filled = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
      dialog.remove();
      resolve(dialog.returnValue === "add" && filled.first_name ? filled : null);
    });
  });
}
