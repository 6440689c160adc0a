// Modelos: what each is worth, and how near the copy is.

import { ask, h, loading, table, trouble } from "./parts.js";
import { number, say, scientific, significant, time } from "./words.js";

export async function show(section) {
  section.replaceChildren(h("h2", {}, say("models")), loading());
  try {
    const { models } = await ask("/models");
    const details = await Promise.all(models.map((model) => ask(`/models/${model.model}`)));
    const none = details.length ? [] : [h("p", {}, say("no_model"), " ", h("a", { href: "/health/ready" }, "/health/ready"))];
    section.replaceChildren(h("h2", {}, say("models")), ...none, ...details.map(article));
  } catch (error) {
    section.replaceChildren(h("h2", {}, say("models")), trouble(error, () => show(section)));
  }
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
    h("p", { class: "quiet" }, say("version", { version: model.version, made: time(model.created_at) })));
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
