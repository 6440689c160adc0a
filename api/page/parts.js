// Small parts that every screen is made of.

import { language, say } from "./words.js";

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export async function ask(path, body) {
  const options = { headers: { "Accept-Language": language, Accept: "application/json, text/html" } };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new Error(error.message);
  }
  if (response.ok && response.headers.get("Content-Type").startsWith("text/html")) return response.text();
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(content.detail ?? `${response.status}`);
  return content;
}

const turns = new WeakMap();

// Draws a screen of what `find` gives. What stood there stays until then, so that nothing jumps, and
// the control in use keeps the focus. A later call overtakes an earlier one.
export async function present(section, name, find, screen, after) {
  const again = () => present(section, name, find, screen, after);
  const turn = {};
  turns.set(section, turn);
  const draw = (...content) => section.replaceChildren(h("h2", {}, say(name)), ...content.filter(Boolean));
  if (!section.querySelector("h2")) draw(loading());
  section.setAttribute("aria-busy", "true");
  try {
    const found = await find();
    if (turns.get(section) !== turn) return;
    const used = section.contains(document.activeElement) && document.activeElement.name;
    draw(...screen(found, again));
    after?.(found);
    if (used) section.querySelector(`[name="${used}"]`)?.focus({ preventScroll: true });
  } catch (error) {
    if (turns.get(section) !== turn) return;
    draw(trouble(error, again));
  }
  section.removeAttribute("aria-busy");
}

export function loading() {
  return h("p", { class: "quiet", role: "status" }, say("loading"));
}

export function trouble(error, again) {
  return h(
    "div", { class: "error", role: "alert" },
    h("p", {}, say("away", { why: error.message })),
    again ? h("button", { type: "button", onclick: again }, say("retry")) : null,
  );
}

export function table(columns, rows, name = columns[0].title) {
  const head = columns.map((c) => h("th", { scope: "col", class: c.number ? "number" : null }, c.title));
  const body = rows.map((row) => h("tr", {}, columns.map((c) =>
    h("td", { class: c.number ? "number" : null }, String(c.value(row))))));
  return h(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)),
  );
}

export function field(text, control) {
  return h("label", {}, text, control);
}

export function select(name, choices, chosen, change) {
  const options = choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("select", { name, onchange: (event) => change(event.target.value) }, options);
}
