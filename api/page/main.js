// Shows one screen at a time, by the address's fragment.

import * as batch from "./batch.js";
import * as models from "./models.js";
import * as predict from "./predict.js";
import * as quality from "./quality.js";
import * as sales from "./sales.js";
import { language, say, switchLanguage } from "./words.js";

const SCREENS = { sales, predict, batch, models, quality };

function current() {
  const name = location.hash.slice(1);
  return name in SCREENS ? name : "sales";
}

function open(focus) {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-words]")) {
    element.textContent = say(element.dataset.words);
  }
  const name = current();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  if (focus) document.getElementById("main").focus();
  return SCREENS[name].show(document.getElementById(name));
}

document.getElementById("language").addEventListener("click", () => { switchLanguage(); open(false); });
window.addEventListener("hashchange", () => open(true));
open(false);
