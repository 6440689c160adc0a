// The years to come at Painel: each region's units, their forecast and its band.

import { COLOURS, draw, panel } from "./charts.js";
import { h } from "./parts.js";
import { number, say } from "./words.js";

const MOST_REGIONS = 12;
const BAND = { borderColor: COLOURS[1], borderWidth: 1, pointRadius: 0, backgroundColor: `${COLOURS[1]}33`, quiet: true };

// `narrowed` is whether filters leave less than all sales of a region.
export function forecastPart(forecast, region, narrowed) {
  if (!forecast) return [];
  const names = regions(forecast, region, narrowed);
  const words = names.length ? `forecast_${forecast.status}` : narrowed && forecast.test_rows ? "forecast_unfiltered" : "forecast_none";
  const verdict = names.length ? `verdict ${forecast.status}` : null;
  return [
    h("h2", {}, say("forecast")),
    h("p", { id: "forecast", class: verdict }, say(words, { years: number(forecast.held_out_years) })),
    names.length ? h("p", { class: "quiet" }, say("forecast_range")) : null,
    h("div", { class: "charts" }, names.map((name, at) =>
      panel(say("forecast_of", { region: name }), `chart-forecast-${at}`))),
  ].filter(Boolean);
}

export function forecastCharts(forecast, sold, region, narrowed) {
  regions(forecast, region, narrowed).forEach((name, at) => {
    const before = sold.filter((row) => row.value === name);
    const after = forecast.years.filter((row) => row.region === name);
    const series = (key) => [...before.map(() => null), ...after.map((row) => row[key])];
    draw(`chart-forecast-${at}`, {
      kind: "line",
      labels: [...before, ...after].map((row) => row.year),
      series: [
        { name: say("sold"), data: [...before.map((row) => row.units), ...after.map(() => null)] },
        { name: say("forecast_units"), data: series("units"), look: { segment: { borderDash: () => [6, 4] } } },
        { name: say("units_low"), data: series("units_low"), look: BAND },
        { name: say("units_high"), data: series("units_high"), look: { ...BAND, fill: "-1" } },
      ],
    });
  });
}

// Those that are shown, the largest first.
function regions(forecast, region, narrowed) {
  if (!forecast || forecast.test_rows === 0 || narrowed) return [];
  const units = new Map();
  for (const row of forecast.years) units.set(row.region, (units.get(row.region) ?? 0) + row.units);
  const names = region ? [region].filter((name) => units.has(name)) : [...units.keys()];
  return names.sort((a, b) => units.get(b) - units.get(a)).slice(0, MOST_REGIONS);
}
