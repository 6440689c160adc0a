// Qualidade: what became of every line, and how the last run went.

import { ask, h, present, table } from "./parts.js";
import { sourceLine } from "./sales.js";
import { number, say, time } from "./words.js";

export function show(section) {
  return present(section, "quality", () => ask("/quality"), screen);
}

function screen(found) {
  const counts = ["lines", "clean", "flagged", "rejected", "duplicates"];
  const file = (uri) => uri.split("/").pop();
  return [
    h("h3", {}, say("last_run")), ...run(found.last_run),
    h("h3", {}, say("reports")),
    table([
      { title: say("report"), value: (row) => file(row.uri) },
      ...counts.map((name) => ({ title: say(name), number: true, value: (row) => number(row[name]) })),
      { title: say("seen_at"), value: (row) => time(row.seen_at) },
    ], found.reports),
    h("h3", {}, say("why_rejected")),
    found.reasons.length ? table([
      { title: say("reason"), value: (row) => say(row.reason) },
      { title: say("records"), number: true, value: (row) => number(row.records) },
    ], found.reasons) : h("p", {}, say("nothing")),
    found.rejected.length ? h("details", {}, h("summary", {}, say("rejected_records")), table([
      { title: say("report"), value: (row) => file(row.uri) },
      { title: say("record"), number: true, value: (row) => number(row.record_number) },
      { title: say("reason"), value: (row) => row.reasons.join("; ") },
    ], found.rejected)) : null,
    sourceLine(found.source),
  ];
}

function run(last) {
  if (!last) return [h("p", {}, say("no_run"))];
  const words = say("run_words", {
    id: last.id, status: say(`run_${last.status}`), finished: time(last.finished_at),
    seconds: number(last.seconds, 1), tests: number(last.tests),
  });
  const errors = last.errors.map((text) => h("li", { class: "warning" }, text));
  const warnings = last.warnings.map((text) => h("li", {}, `${say("dbt_warnings")}: ${text}`));
  return [h("p", {}, words), errors.length + warnings.length ? h("ul", {}, errors, warnings) : null];
}
