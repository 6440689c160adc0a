// Charts by Chart.js, each with its numbers as a table for whoever does not see it.

import { h, table } from "./parts.js";
import { compact, number, say } from "./words.js";

// Each stands out from a panel of the light and of the dark scheme.
export const COLOURS = ["#2f7ed8", "#d0601f", "#2e8f4e", "#a05cd0", "#d64545", "#1f8f8f", "#8f7d1a", "#718096"];
const drawn = new Map();
const opened = new Set();

export function panel(title, id) {
  const note = ({ target }) => (target.open ? opened.add(id) : opened.delete(id));
  return h("div", { class: "panel" }, h("h3", {}, title),
    h("div", { class: "chart" }, h("canvas", { id, role: "img", "aria-label": title })),
    h("details", { open: opened.has(id), ontoggle: note }, h("summary", {}, say("numbers")), h("div", { id: `${id}-table` })));
}

export function draw(id, { kind, labels, series, horizontal = false }) {
  const canvas = document.getElementById(id);
  drawn.get(id)?.destroy();
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink").trim();
  const line = style.getPropertyValue("--line").trim();
  const values = horizontal ? "x" : "y";
  const names = horizontal ? "y" : "x";
  drawn.set(id, new Chart(canvas, {
    type: kind,
    data: {
      labels,
      datasets: series.map(({ name, data, look }, index) => ({
        label: name, data, backgroundColor: COLOURS[index % COLOURS.length],
        borderColor: COLOURS[index % COLOURS.length], borderWidth: kind === "line" ? 2 : 0, pointRadius: 2, ...look,
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, indexAxis: horizontal ? "y" : "x",
      plugins: {
        legend: {
          display: series.length > 1, position: "bottom",
          labels: { color: ink, boxWidth: 12, filter: (item) => !series[item.datasetIndex].look?.quiet },
        },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${number(item.parsed[values])}` } },
      },
      scales: {
        [values]: { beginAtZero: true, ticks: { color: ink, callback: (v) => compact(v) }, grid: { color: line } },
        [names]: { ticks: { color: ink }, grid: { display: false } },
      },
    },
  }));
  const columns = [{ title: "", value: (row) => row[0] }];
  series.forEach(({ name }, index) => columns.push({ title: name, number: true, value: (row) => cell(row[index + 1]) }));
  const rows = labels.map((label, at) => [label, ...series.map(({ data }) => data[at])]);
  document.getElementById(`${id}-table`).replaceChildren(table(columns, rows, canvas.getAttribute("aria-label")));
}

function cell(value) {
  return value === null ? "" : number(value);
}
