/** Elements without HTML strings: everything that comes from a chat can only become text. */

const SVG = "http://www.w3.org/2000/svg";

/** Build an element; `props` holds attributes, `class`, `on…` listeners; null and false children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && (typeof value === "boolean" || name === "value")) element[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(...present(children));
  return element;
}

/** The children that are there. */
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

const PATHS = {
  send: "M3.4 20.4 21 12 3.4 3.6 3.4 10.2 15 12 3.4 13.8z",
  attach: "M16.5 6.5v9.8a4.5 4.5 0 0 1-9 0V5.8a3 3 0 0 1 6 0v9.7a1.5 1.5 0 0 1-3 0V6.5",
  reply: "M10 8V4.5L3 11l7 6.5V14c5 0 8.5 1.5 11 5-1-5.5-4-10.5-11-11z",
  edit: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5c1.8 2.3 5.2 2.3 7 0M9 9.8v.2M15 9.8v.2",
  why: "M9.2 9.2a2.9 2.9 0 1 1 4.4 2.5c-1 .6-1.6 1.2-1.6 2.3M12 17.3v.2",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  down: "M6 9.5l6 6 6-6",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 6v12M16 6v12",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  pin: "M12 21s7-6.5 7-11.5a7 7 0 1 0-14 0C5 14.5 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  keyboard: "M3 6h18v12H3zM7 10v.1M12 10v.1M17 10v.1M8 14.5h8",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-4 4-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
  people: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.5-3.7 3.3-5 6.5-5s6 1.3 6.5 5M16 11a3 3 0 1 0-.5-6M18 14.8c2 .6 3.2 2 3.5 4.7",
  image: "M3.5 5h17v14h-17zM4 17l5-5.5 3.5 3.5 2.5-2.5 5 4.5M15.5 9.5v.1",
  mic: "M12 3.5a2.5 2.5 0 0 0-2.5 2.5v6a2.5 2.5 0 0 0 5 0V6A2.5 2.5 0 0 0 12 3.5zM6 11.5c0 8 12 8 12 0M12 17.5V21",
  sticker: "M5 4h14v9l-6 7H5zM19 13h-6v7",
  contact: "M4 5h16v14H4zM9 11.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM6.5 15.8c.4-2.8 4.6-2.8 5 0M14.5 10h3M14.5 13.5h3",
  checks: "M2 12.5l4.5 4.5L15 7M11 15.5l1.5 1.5L21.5 7",
  link: "M8 16L17 7M10 7h7v7",
  copy: "M9 9h11v11H9zM5 15V4h11",
  stop: "M7 7h10v10H7z",
};
const FILLED = new Set(["send", "play", "reply", "stop"]);

/** One line icon, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** An icon button with its name for screen readers and as a tooltip. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", "aria-label": label, title: label, ...props, class: `icon-button ${props.class ?? ""}`, onclick }, icon(name));
}

/**
 * Make `container` show `items` [{key, version, build}] in order, keeping the elements whose key and version stayed:
 * playing voices, opened details and the scroll position survive.
 */
export function reconcile(container, items) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let cursor = container.firstElementChild;
  for (const { key, version, build } of items) {
    let element = old.get(key);
    if (!element || element.dataset.version !== String(version)) {
      const fresh = build();
      fresh.dataset.key = key;
      fresh.dataset.version = String(version);
      if (element) {
        if (cursor === element) cursor = fresh;
        element.replaceWith(fresh);
      } else fresh.classList.add("fresh");
      element = fresh;
    }
    old.delete(key);
    if (element === cursor) cursor = cursor.nextElementSibling;
    else container.insertBefore(element, cursor);
  }
  for (const gone of old.values()) gone.remove();
}

/** The round picture of a person: initials on a colour that belongs to the id. */
export function avatar(id, name, size = "") {
  const letters = (name || "?").trim().split(/\s+/u).slice(0, 2).map((word) => [...word][0] ?? "").join("");
  return h("span", { class: `avatar tint-${Math.abs(Number(id)) % 7} ${size}`, "aria-hidden": "true" }, letters.toUpperCase());
}

/** A person's whole name. */
export function fullName(user) {
  return [user?.first_name, user?.last_name].filter(Boolean).join(" ") || user?.title || user?.username || String(user?.id ?? "");
}
