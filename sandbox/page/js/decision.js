/** «What the bot decided»: the record of a turn, in words first, numbers as bars, everything else folded away. */

import { api } from "./connection.js";
import { fill, fullName, h, icon, iconButton } from "./dom.js";
import { serviceText, summary } from "./media.js";
import { threadKey } from "./store.js";
import { language, named, t } from "./texts.js";

const LOOK_AGAIN_MS = [250, 1500, 4000];
const LOOK_BACK = 5;
const SETTLED = new Set(["answered", "escalated", "superseded", "clarifying"]);

/** The panel; without a chosen message it follows the latest one of the customer on screen. */
export class DecisionPanel {
  constructor(app) {
    this.app = app;
    this.chosen = null;
    this.shown = null;
    this.version = "";
    this.timers = [];
    this.asked = 0;
    this.title = h("h2", {});
    this.body = h("div", { class: "why-body", tabindex: 0 });
    this.followButton = h("button", { type: "button", class: "quiet small", onclick: () => this.followLatest() });
    this.closer = iconButton("close", t("close"), () => document.body.classList.remove("why-open"), { class: "why-close" });
    this.element = h("section", { class: "pane pane-why", id: "pane-why" }, h("header", { class: "why-header" }, this.title, this.followButton, this.closer), this.body);
  }

  /** Show the decision about one message and stay there. */
  show(message) {
    this.chosen = message;
    this.refresh();
  }

  followLatest() {
    this.chosen = null;
    this.refresh();
  }

  /** Ask again, now and a little later: a turn is decided after the message that starts it. */
  refresh() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = LOOK_AGAIN_MS.map((pause) => setTimeout(() => this.load(), pause));
    this.load();
  }

  candidates() {
    if (this.chosen) return [this.chosen];
    const { customerId } = this.app.view;
    if (customerId === null) return [];
    return this.app.store.messages(threadKey(customerId)).filter((message) => !serviceText(message)).slice(-LOOK_BACK).reverse();
  }

  async load() {
    this.asked += 1;
    const round = this.asked;
    let found = null;
    const candidates = this.candidates();
    for (const message of candidates) {
      const decision = await api.decision(message.chat.id, message.message_id).catch(() => null);
      if (round !== this.asked) return;
      if (decision) {
        found = { message, decision };
        break;
      }
    }
    this.shown = found ?? (candidates.length ? { message: candidates[0], decision: null } : null);
    this.draw();
    if (found && SETTLED.has(found.decision.state)) for (const timer of this.timers.slice(0, -1)) clearTimeout(timer);
  }

  render() {
    this.element.setAttribute("aria-label", t("decisionTitle"));
    this.title.textContent = t("decisionTitle");
    this.followButton.textContent = t("decisionLatest");
    this.followButton.hidden = !this.chosen;
    this.closer.setAttribute("aria-label", t("close"));
    if (!this.version) this.draw();
  }

  redraw() {
    this.version = "";
    this.draw();
  }

  draw() {
    const version = JSON.stringify([this.shown, language()]);
    if (version === this.version) return;
    const same = this.drawnMessage === this.shown?.message.message_id;
    const opened = same ? [...this.body.querySelectorAll("details[open]")].map((one) => one.dataset.name) : [];
    this.version = version;
    this.drawnMessage = this.shown?.message.message_id;
    fill(this.body, this.content());
    for (const name of opened) this.body.querySelector(`details[data-name="${name}"]`)?.setAttribute("open", "");
    if (!same) this.body.scrollTop = 0;
  }

  content() {
    if (!this.shown) return h("div", { class: "empty" }, icon("why"), h("p", {}, t("decisionEmpty")));
    const { message, decision } = this.shown;
    const about = h("div", { class: "why-about" }, h("b", {}, fullName(message.from)), h("span", {}, summary(message)));
    if (!decision) return [about, h("p", { class: "hint" }, t("decisionNone"))];
    return [about, verdict(decision), steps(decision.steps), intent(decision.intent), search(decision.search), draft(decision.draft), timings(decision.timings_ms), raw(decision)];
  }
}

function percent(value) {
  return `${Math.round(Math.max(0, Math.min(1, Number(value))) * 100)} %`;
}

/** A number from 0 to 1 as a bar; `mark` is a threshold on it. */
function bar(label, value, { mark = null, tone = "", text = percent(value), scale = 1 } = {}) {
  if (typeof value !== "number") return null;
  const width = Math.max(0, Math.min(100, (value / (scale || 1)) * 100));
  return h("div", { class: `bar ${tone}` },
    h("span", { class: "bar-label" }, label),
    h("span", { class: "bar-track", "aria-hidden": "true" }, h("i", { style: `width:${width}%` }), typeof mark === "number" ? h("b", { style: `left:${mark * 100}%` }) : null),
    h("span", { class: "bar-value" }, text));
}

function card(title, ...children) {
  return h("section", { class: "why-card" }, h("h3", {}, title), children);
}

function fold(name, title, ...children) {
  return h("details", { "data-name": name }, h("summary", {}, title), children);
}

function tone(decision) {
  if (decision.outcome === "escalated" || decision.state === "escalated") return "person";
  if (["order_refused", "order_locked", "out_of_scope", "clarify", "abused"].includes(decision.outcome)) return "careful";
  return decision.outcome && !["collecting", "generating"].includes(decision.outcome) ? "good" : "pending";
}

function verdict(decision) {
  const words = decision.outcome ? named("outcome", decision.outcome) : decision.state ? named("state", decision.state) : t("decisionPending");
  return h("section", { class: `verdict ${tone(decision)}` },
    h("h3", {}, words),
    decision.reason ? h("p", {}, named("reason", decision.reason)) : null,
    decision.text ? h("blockquote", {}, decision.text) : null);
}

function steps(list) {
  if (!Array.isArray(list) || !list.length) return null;
  return card(t("steps"), h("ol", { class: "steps" }, list.map((step) => h("li", {}, h("b", {}, step?.title ?? ""), step?.text ? h("p", {}, step.text) : null))));
}

function intent(it) {
  if (!it) return null;
  const others = (it.ranking ?? []).filter(([name]) => name !== it.name).slice(0, 5);
  return card(t("understood"),
    h("p", { class: "lead" }, it.name ? named("intent", it.name) : "—", it.source ? h("small", {}, `${t("source")} ${named("source", it.source)}`) : null),
    it.why ? h("p", { class: "hint" }, it.why) : null,
    bar(t("sureness"), it.confidence),
    others.length ? fold("ranking", t("alternatives"), others.map(([name, value]) => bar(named("intent", name), value, { tone: "dim" }))) : null);
}

function passage(found, at, best) {
  const parts = ["lexical", "characters", "vector"].filter((name) => typeof found[name] === "number");
  const label = { lexical: "words", characters: "characters", vector: "vector" };
  return h("li", { class: at === 0 ? "passage best" : "passage" },
    h("p", { class: "passage-heading" }, h("b", {}, found.heading || found.source || "—"), found.heading && found.source ? h("small", {}, found.source) : null),
    bar("", found.blend, { scale: best, text: typeof found.blend === "number" ? found.blend.toFixed(2) : "" }),
    h("p", { class: "channels" }, parts.map((name) => h("span", {}, `${t(label[name])} ${Number(found[name]).toFixed(2)}`))),
    found.text ? fold(`text-${at}-${found.source}`, t("showText"), h("p", { class: "passage-text" }, found.text)) : null);
}

function searchPart(part, many) {
  const passages = part?.passages ?? [];
  const best = Math.max(1e-9, ...passages.map((found) => found.blend ?? 0));
  return [
    many && part?.question ? h("p", { class: "lead small" }, `${t("partQuestion")}: ${part.question}`) : null,
    many ? bar(t("answerable"), part?.answerable) : null,
    passages.length ? h("ol", { class: "passages" }, passages.map((found, at) => passage(found, at, Math.max(1, best)))) : h("p", { class: "hint" }, t("nothingFound")),
  ];
}

function search(it) {
  if (!it) return null;
  const parts = it.parts ?? [];
  return card(t("found"),
    it.query ? h("p", { class: "hint" }, `${t("query")}: «${it.query}»`) : null,
    it.followup ? h("p", { class: "hint" }, `${t("followup")}: «${it.followup.topic}». ${it.followup.why}`) : null,
    bar(t("answerable"), it.answerable),
    parts.map((part) => searchPart(part, parts.length > 1)),
    it.release !== null && it.release !== undefined ? h("p", { class: "hint" }, t("release", it)) : null);
}

function draft(it) {
  if (!it) return null;
  const passed = typeof it.score === "number" && typeof it.threshold === "number" ? it.score >= it.threshold : null;
  const features = Object.entries(it.features ?? {}).filter(([, value]) => typeof value === "number");
  const engine = [it.engine && named("engine", it.engine), it.model].filter(Boolean).join(" · ");
  return card(t("drafted"),
    it.text ? h("blockquote", {}, it.text) : null,
    engine ? h("p", { class: "hint" }, `${t("engine")}: ${engine}`) : null,
    it.cached ? h("p", { class: "hint" }, t("cached", it.cached)) : null,
    passed === null ? null : h("p", { class: passed ? "chip good" : "chip bad" }, t(passed ? "passed" : "notPassed")),
    bar(t("score"), it.score, { mark: it.threshold, tone: passed === false ? "bad" : "good" }),
    typeof it.threshold === "number" ? h("p", { class: "hint end" }, t("threshold", { value: percent(it.threshold) })) : null,
    (it.reasons ?? []).length ? h("ul", { class: "reasons" }, it.reasons.map((reason) => h("li", {}, String(reason)))) : null,
    features.length ? fold("features", t("features"), features.map(([name, value]) => bar(name.replaceAll("_", " "), value, { tone: "dim", text: String(Math.round(value * 1000) / 1000) }))) : null,
    it.timings_ms ? fold("draft-timings", t("timings"), durations(it.timings_ms)) : null);
}

function duration(ms) {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} ${t("s")}` : `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ${t("ms")}`;
}

function durations(map) {
  const entries = Object.entries(map).filter(([, ms]) => typeof ms === "number");
  const longest = Math.max(1, ...entries.map(([, ms]) => ms));
  return entries.map(([name, ms]) => bar(named("timing", name.replace(/_ms$/u, "")), ms, { scale: longest, text: duration(ms), tone: "dim" }));
}

function timings(map) {
  return map && Object.keys(map).length ? card(t("timings"), durations(map)) : null;
}

function raw(decision) {
  return fold("raw", t("raw"), h("pre", { class: "raw" }, JSON.stringify(decision, null, 2)));
}
