// Modelos: what each is worth, and how near the copy is.

import { ask, h, loading, present, table, trouble } from "./parts.js";
import { number, say, scientific, significant, time } from "./words.js";

export function show(section) {
  return present(section, "models", find, screen);
}

async function find() {
  const { models } = await ask("/models");
  return Promise.all(models.map((model) => ask(`/models/${model.model}`)));
}

function screen(models) {
  if (models.length) return models.map(article);
  return [h("p", {}, say("no_model"), " ", h("a", { href: "/health/ready" }, "/health/ready"))];
}

function article(model) {
  const { verdict, parity } = model;
  const known = verdict.status === "signal" ? "means_signal" : "means_no_signal";
  return h("article", { class: verdict.status },
    h("h3", {}, `${say(model.label ?? model.task)} (${model.model})`),
    h("p", {}, h("strong", {}, verdict.sentence)),
    h("p", {}, say(known)),
    verdict.interval ? h("p", { class: "quiet" }, say("gain", {
      gain: significant(verdict.improvement), low: significant(verdict.interval[0]), high: significant(verdict.interval[1]),
    })) : null,
    metrics(model),
    parity.published ? h("p", { class: "quiet" }, say("parity", {
      rows: number(parity.published.rows), worst: scientific(parity.published.max_rel),
    })) : null,
    h("p", { class: "quiet" }, `${say("features")}: ${model.features.map((one) => say(one.name)).join(", ")}`),
    h("p", { class: "quiet" }, say("version", { version: model.version, made: time(model.created_at) })),
    later("card", `/models/${model.model}/card`, card),
    later("leak_audit", `/models/${model.model}/leaks`, (found) => leaks(model, found)),
    later("history", `/models/${model.model}/history`, (found) => versions(model, found)));
}

function metrics({ model, metrics: sides }) {
  const names = Object.keys(sides.bigquery_ml ?? {});
  if (names.length === 0) return null;
  return table([
    { title: say("metric"), value: (name) => name },
    { title: say("bigquery_ml"), number: true, value: (name) => significant(sides.bigquery_ml[name]) },
    { title: say("scikit_learn"), number: true, value: (name) => significant(sides.scikit_learn?.[name]) },
  ], names, `${say("metric")}: ${model}`);
}

// A part that is asked for only when somebody opens it.
function later(title, path, draw) {
  const body = h("div", {}, loading());
  const part = h("details", {}, h("summary", {}, say(title)), body);
  part.addEventListener("toggle", async () => {
    if (!part.open || part.dataset.drawn) return;
    part.dataset.drawn = "yes";
    try {
      body.replaceChildren(draw(await ask(path)));
    } catch (error) {
      delete part.dataset.drawn;
      body.replaceChildren(trouble(error));
    }
  });
  return part;
}

// The API made it of signed Markdown, in which HTML is no HTML.
function card(html) {
  const found = new DOMParser().parseFromString(html, "text/html");
  return h("div", { class: "text" }, [...found.body.childNodes]);
}

function leaks(model, { columns }) {
  return h("div", {}, h("p", { class: "quiet" }, say("leak_words", { label: say(model.label) })), table([
    { title: say("column"), value: (row) => say(row.column_name) },
    { title: say("measure"), value: (row) => say(row.measure) },
    { title: say("measured"), number: true, value: (row) => significant(row.value) },
    { title: say("leaks"), value: (row) => say(row.leaks ? "yes" : "no") },
  ], columns, `${say("leak_audit")}: ${model.model}`));
}

function versions(model, found) {
  const metric = (row) => row.metrics.roc_auc ?? row.metrics.r2_score;
  return table([
    { title: say("version_column"), value: (row) => (row.current ? `${row.version} (${say("current")})` : row.version) },
    { title: say("made"), value: (row) => time(row.created_at) },
    { title: say("verdict"), value: (row) => say(row.status) },
    { title: "AUC / R²", number: true, value: (row) => significant(metric(row)) },
  ], found.versions, `${say("history")}: ${model.model}`);
}
