/** Message text with its entities as elements; offsets count UTF-16 units, exactly as JavaScript's strings do. */

import { h } from "./dom.js";

const SAFE_LINK = /^(https?:|tg:|mailto:|tel:)/iu;

/** An address that may be opened, or null. */
export function safeLink(address) {
  const whole = /^[a-z][a-z0-9+.-]*:/iu.test(address) ? address : `https://${address}`;
  return SAFE_LINK.test(whole) ? whole : null;
}

function link(address, children) {
  const href = safeLink(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}

function expandable(children) {
  const quote = h("blockquote", { class: "expandable", tabindex: 0, onclick: () => quote.classList.toggle("open") }, children);
  return quote;
}

const WRAP = {
  bold: (_, __, children) => h("b", {}, children),
  italic: (_, __, children) => h("i", {}, children),
  underline: (_, __, children) => h("u", {}, children),
  strikethrough: (_, __, children) => h("s", {}, children),
  code: (_, __, children) => h("code", {}, children),
  pre: (entity, __, children) => h("pre", { "data-language": entity.language }, h("code", {}, children)),
  blockquote: (_, __, children) => h("blockquote", {}, children),
  expandable_blockquote: (_, __, children) => expandable(children),
  spoiler: (_, __, children) => {
    const spoiler = h("span", { class: "spoiler", tabindex: 0, onclick: () => spoiler.classList.add("open") }, children);
    return spoiler;
  },
  text_link: (entity, __, children) => link(entity.url ?? "", children),
  url: (_, text, children) => link(text, children),
  email: (_, text, children) => link(`mailto:${text}`, children),
  phone_number: (_, text, children) => link(`tel:${text.replace(/[^\d+]/gu, "")}`, children),
  bot_command: (_, text, children, onCommand) => h("button", { type: "button", class: "command", onclick: () => onCommand?.(text) }, children),
};
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const COLOURED = new Set(["mention", "text_mention", "hashtag", "cashtag"]);

function wrap(entity, text, children, onCommand) {
  if (COLOURED.has(entity.type)) return h("span", { class: "mention" }, children);
  return WRAP[entity.type]?.(entity, text, children, onCommand) ?? children;
}

/** Nodes for `text`; entities may nest; those that point outside the text are cut to it. */
export function richText(text, entities = [], onCommand = null) {
  const sorted = entities
    .map((entity) => ({ entity, start: Math.max(0, entity.offset), end: Math.min(text.length, entity.offset + entity.length) }))
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  let next = 0;
  const level = (start, end) => {
    const nodes = [];
    let at = start;
    while (next < sorted.length && sorted[next].start < end) {
      const item = sorted[next];
      next += 1;
      const from = Math.max(item.start, at);
      const to = Math.min(item.end, end);
      if (to <= from) continue;
      if (from > at) nodes.push(text.slice(at, from));
      nodes.push(wrap(item.entity, text.slice(from, to), level(from, to), onCommand));
      // A quote or a code block is a block of its own: the line break after it would show as an empty line.
      at = BLOCKS.has(item.entity.type) && text[to] === "\n" && to < end ? to + 1 : to;
    }
    if (at < end) nodes.push(text.slice(at, end));
    return nodes;
  };
  return level(0, text.length).flat(Infinity);
}
