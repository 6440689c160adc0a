// Lote: a whole report, its progress, what was rejected and why, and the download.

import { ask, field, h, present, select, table, trouble } from "./parts.js";
import { language, number, say } from "./words.js";

const SHOWN = 200;
let name = "";

export function show(section) {
  return present(section, "batch", find, screen);
}

async function find() {
  const { models } = await ask("/models");
  if (models.length === 0) throw new Error(say("no_model"));
  if (!models.some((model) => model.model === name)) name = models[0].model;
  return models;
}

function screen(models, again) {
  const choices = models.map((one) => [one.model, `${say(one.label ?? one.task)} (${one.model})`]);
  const file = h("input", { type: "file", accept: ".csv,text/csv,text/plain", name: "report", id: "report-file" });
  file.addEventListener("change", () => file.files[0] && send(file.files[0]));
  const area = h("div", { class: "drop" }, field(say("choose_file"), file), h("p", { class: "quiet" }, say("any_dialect")));
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  });
  return [
    h("div", { class: "controls" }, field(say("choose_model"), select("batch-model", choices, name, (value) => { name = value; again(); }))),
    area,
    h("div", { id: "batch-result", "aria-live": "polite" }),
  ];
}

async function send(file) {
  const result = document.getElementById("batch-result");
  const bar = h("progress", { max: 1, value: 0, "aria-label": say("progress") });
  const words = h("p", {}, say("sending", { file: file.name }));
  result.replaceChildren(words, bar);
  try {
    const found = await answer(file, (done, records) => {
      bar.max = records;
      bar.value = done;
      words.textContent = say("answered", { done: number(done), records: number(records) });
    });
    result.replaceChildren(...outcome(file, found));
  } catch (error) {
    result.replaceChildren(trouble(error, () => send(file)));
  }
}

async function answer(file, tell) {
  const response = await fetch(`/models/${name}/report`, {
    method: "POST", body: file, headers: { "Content-Type": "text/csv", "Accept-Language": language },
  });
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? `${response.status}`);
  const found = { parts: [], rejected: [] };
  for await (const line of lines(response.body)) {
    if (line.error) throw new Error(line.error);
    if (line.lines !== undefined) {
      found.parts.push(line.lines);
      found.rejected.push(...line.rejected);
      tell(line.done, found.records);
    } else Object.assign(found, line);
  }
  if (found.predicted === undefined) throw new Error(say("cut_off"));
  return found;
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
}

function outcome(file, found) {
  // The byte order mark makes a spreadsheet read it as UTF-8.
  const content = new Blob(["\ufeff", `${found.header.join(",")}\r\n`, ...found.parts], { type: "text/csv;charset=utf-8" });
  const download = h("a", {
    href: URL.createObjectURL(content), id: "download", download: file.name.replace(/(\.\w+)?$/, `-${name}.csv`),
  }, say("download"));
  const rows = found.rejected.slice(0, SHOWN);
  return [
    h("p", { class: `verdict ${found.verdict.status}` }, found.verdict.sentence),
    h("p", { id: "batch-counts" }, say("batch_done", {
      records: number(found.records), predicted: number(found.predicted), rejected: number(found.rejected_in_all), dialect: found.dialect,
    })),
    h("p", {}, download),
    rows.length ? h("h3", {}, say("why_rejected")) : null,
    rows.length ? table([
      { title: say("record"), number: true, value: (row) => number(row.record) },
      { title: say("reason"), value: (row) => row.reason },
    ], rows, say("why_rejected")) : null,
  ].filter(Boolean);
}
