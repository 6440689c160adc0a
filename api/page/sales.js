// Painel: units and revenue by year, region, model and fuel.

import { draw, panel } from "./charts.js";
import { forecastCharts, forecastPart } from "./forecast.js";
import { ask, field, h, present, select } from "./parts.js";
import { number, percent, say, time } from "./words.js";

const FILTERS = ["region", "model", "fuel_type"];
const chosen = { region: "", model: "", fuel_type: "", first_year: "", last_year: "", measure: "units" };

export function show(section) {
  return present(section, "sales", () => ask(`/dashboard?${query()}`), screen, charts);
}

function query() {
  const given = Object.entries(chosen).filter(([name, value]) => value && name !== "measure");
  return new URLSearchParams(given);
}

function narrowed() {
  return Boolean(chosen.model || chosen.fuel_type || chosen.first_year || chosen.last_year);
}

function screen(found, again) {
  const { total, groups, source } = found;
  return [
    h("p", { class: "lead", "aria-live": "polite" }, sentence(groups)),
    controls(found.choices, again),
    h("div", { class: "cards" },
      card("units", number(total.units)), card("revenue_usd", number(total.revenue_usd)),
      card("mean_price", number(total.price_usd)), card("records", number(total.records))),
    h("div", { class: "charts" }, ["year", "region_year", "region", "model", "fuel_type"].map((name) =>
      panel(say(`by_${name}`, { what: say(chosen.measure) }), `chart-${name}`))),
    ...forecastPart(found.forecast, chosen.region, narrowed()),
    sourceLine(source),
  ];
}

export function sourceLine(source) {
  const words = say("source", {
    reports: number(source.reports), newest: time(source.newest_report_at), asked: time(source.asked_at),
  });
  const away = source.bigquery_away ? h("strong", { class: "warning" }, say("bigquery_away"), " ") : null;
  return h("p", { class: "quiet" }, away, words);
}

function card(name, text) {
  return h("div", { class: "card" }, h("span", { class: "quiet" }, say(name)), h("b", { id: `total-${name}` }, text));
}

function controls(choices, again) {
  const change = (name) => (value) => { chosen[name] = value; again(); };
  const texts = FILTERS.map((name) => field(say(name), select(name,
    [["", say("all")], ...choices[name].map((value) => [value, value])], chosen[name], change(name))));
  const years = ["first_year", "last_year"].map((name) => field(say(name), select(name,
    [["", say("all")], ...choices.year.map((value) => [value, value])], chosen[name], change(name))));
  const measure = field(say("show"), select("measure",
    [["units", say("units")], ["revenue_usd", say("revenue_usd")]], chosen.measure, change("measure")));
  return h("div", { class: "controls" }, texts, years, measure);
}

export function sentence({ year: years, region_year: regions }) {
  if (years.length === 0) return say("no_sales");
  const last = years[years.length - 1];
  const before = years.find((row) => row.year === last.year - 1);
  if (!before || before.units === 0) return say("one_year", { year: last.year, units: number(last.units) });
  const changes = regions.filter((row) => row.year === last.year).map((row) => {
    const earlier = regions.find((other) => other.value === row.value && other.year === last.year - 1);
    return { region: row.value, change: earlier?.units ? row.units / earlier.units - 1 : 0 };
  });
  const largest = changes.reduce((a, b) => (Math.abs(b.change) > Math.abs(a.change) ? b : a));
  const change = last.units / before.units - 1;
  return say("change", {
    year: last.year, before: before.year, units: number(last.units),
    share: percent(Math.abs(change)), direction: say(change < 0 ? "fewer" : "more"),
    region: largest.region, region_share: percent(Math.abs(largest.change)),
    region_direction: say(largest.change < 0 ? "fewer" : "more"),
  });
}

function charts({ groups, forecast }) {
  const measure = chosen.measure;
  const one = (rows) => [{ name: say(measure), data: rows.map((row) => row[measure]) }];
  draw("chart-year", { kind: "bar", labels: groups.year.map((row) => row.value), series: one(groups.year) });
  const years = groups.year.map((row) => row.year);
  const series = groups.region.map(({ value }) => ({
    name: value,
    data: years.map((year) =>
      groups.region_year.find((row) => row.value === value && row.year === year)?.[measure] ?? 0),
  }));
  draw("chart-region_year", { kind: "line", labels: years, series });
  for (const name of ["region", "model", "fuel_type"]) {
    const rows = [...groups[name]].sort((a, b) => b[measure] - a[measure]);
    draw(`chart-${name}`, { kind: "bar", labels: rows.map((row) => row.value), series: one(rows), horizontal: true });
  }
  forecastCharts(forecast, groups.region_year, chosen.region, narrowed());
}
