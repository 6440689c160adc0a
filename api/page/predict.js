// Previsão: what-if, with the verdict before the number and reasons after it.

import { ask, field, h, present, select, trouble } from "./parts.js";
import { number, percent, say, significant } from "./words.js";

const PAUSE = 150;
const values = {};
let name = "";
let turn = 0;

export function show(section) {
  return present(section, "predict", find, screen, ({ model }) => predict(model));
}

async function find() {
  const { models } = await ask("/models");
  if (models.length === 0) throw new Error(say("no_model"));
  if (!models.some((model) => model.model === name)) name = models[0].model;
  return { models, model: await ask(`/models/${name}`) };
}

function screen({ models, model }, again) {
  const choices = models.map((one) => [one.model, `${say(one.label ?? one.task)} (${one.model})`]);
  const choose = select("what", choices, name, (value) => { name = value; again(); });
  return [
    h("div", { class: "controls" }, field(say("choose_model"), choose)),
    h("p", { class: `verdict ${model.verdict.status}` }, model.verdict.sentence),
    h("div", { class: "columns" },
      h("form", { onsubmit: (event) => event.preventDefault() }, model.features.map((feature) => input(feature, model))),
      h("div", { id: "answer", "aria-live": "polite" })),
  ];
}

function input(feature, model) {
  const later = debounced(() => predict(model));
  const set = (value) => { values[feature.name] = value; later(); };
  if (feature.kind === "categorical") {
    const choices = feature.categories ?? [];
    if (!choices.includes(values[feature.name])) values[feature.name] = choices[0] ?? null;
    const options = choices.map((value) => [value, value]);
    return h("div", { class: "field" }, field(say(feature.name), select(feature.name, options, values[feature.name], set)));
  }
  const step = feature.type === "INT64" ? 1 : 0.1;
  const { min, max } = { min: feature.min ?? 0, max: feature.max ?? 100 };
  values[feature.name] ??= feature.type === "INT64" ? Math.round((min + max) / 2) : Math.round(5 * (min + max)) / 10;
  const box = h("input", { type: "number", name: feature.name, step: "any", value: values[feature.name] });
  const slider = h("input", {
    type: "range", min, max, step, value: values[feature.name], "aria-label": say(feature.name),
  });
  const take = (other) => (event) => {
    const value = event.target.valueAsNumber;
    if (Number.isNaN(value)) return;
    other.value = value;
    set(feature.type === "INT64" ? Math.round(value) : value);
  };
  box.addEventListener("input", take(slider));
  slider.addEventListener("input", take(box));
  return h("div", { class: "field" }, field(say(feature.name), box), slider);
}

function debounced(run) {
  let waiting;
  return () => { clearTimeout(waiting); waiting = setTimeout(run, PAUSE); };
}

async function predict(model) {
  const mine = ++turn;
  const row = Object.fromEntries(model.features.map((feature) => [feature.name, values[feature.name]]));
  let content;
  try {
    const found = await ask(`/models/${model.model}/predict?explain=true`, { rows: [row] });
    content = answer(model, found);
  } catch (error) {
    content = [trouble(error, () => predict(model))];
  }
  if (mine === turn) document.getElementById("answer")?.replaceChildren(...content);
}

function answer(model, { verdict, predictions: [prediction] }) {
  const { warnings, explanation } = prediction;
  const parts = [];
  if (prediction.probabilities) {
    parts.push(big(verdict, say("predicted", { label: "" }) + prediction.label, prediction.label));
    const entries = Object.entries(prediction.probabilities).sort((a, b) => b[1] - a[1]);
    for (const [label, share] of entries) parts.push(bar(label, share));
  } else {
    const text = significantOrWhole(prediction);
    parts.push(h("p", { class: "quiet" }, say("predicted", { label: say(model.label ?? model.task) })));
    parts.push(big(verdict, text, text));
  }
  if (warnings.length) {
    parts.push(h("h3", {}, say("warnings")), h("ul", {}, warnings.map((one) => h("li", { class: "warning" }, `${say(one.column)}: ${named(one.message, one.column)}`))));
  }
  if (explanation?.attributions?.length) {
    parts.push(h("h3", {}, say("reasons")),
      h("ul", {}, explanation.attributions.map((one) => h("li", {}, named(one.sentence, one.feature)))));
  }
  return parts;
}

function significantOrWhole({ value, cluster, components }) {
  if (value !== undefined) return Math.abs(value) >= 100 ? number(value) : significant(value);
  return cluster !== undefined ? String(cluster) : Object.values(components ?? {}).map(significant).join("; ");
}

// The API's sentences name columns as the table does; people have words for them.
function named(sentence, column) {
  return sentence.replace(new RegExp(`(^|\\s)${column}(?=\\s|$)`), (found) => found.replace(column, say(column)));
}

// Where there is no signal the statement is large and the number small.
function big(verdict, text, value) {
  if (verdict.status === "signal") return h("p", { class: "answer" }, text);
  return h("p", { class: "answer small" }, say("small_number", { value }));
}

function bar(label, share) {
  const filled = h("span", {});
  filled.style.width = `${100 * share}%`;
  return h("div", { class: "field" }, h("span", {}, `${say("probability", { label })}: ${percent(share)}`),
    h("div", { class: "bar", "aria-hidden": "true" }, filled));
}
