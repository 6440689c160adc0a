// Words of the page in both languages; `say` fills in names in braces.

const WORDS = {
  title: ["Sales models", "Modelos de vendas"],
  description: ["Description of the API (OpenAPI)", "Descrição da API (OpenAPI)"],
  skip: ["Skip to content", "Ir para o conteúdo"],
  sales: ["Sales", "Painel"],
  predict: ["Predict", "Previsão"],
  models: ["Models", "Modelos"],
  batch: ["Batch", "Lote"],
  quality: ["Quality", "Qualidade"],
  other_language: ["Português", "English"],
  loading: ["Loading …", "Carregando …"],
  away: ["This cannot be shown now: {why}", "Isto não pode ser mostrado agora: {why}"],
  retry: ["Try again", "Tentar de novo"],
  nothing: ["There is nothing here yet.", "Ainda não há nada aqui."],
  all: ["All", "Todos"],
  region: ["Region", "Região"],
  model: ["Model", "Modelo"],
  fuel_type: ["Fuel", "Combustível"],
  color: ["Colour", "Cor"],
  transmission: ["Transmission", "Câmbio"],
  year: ["Model year", "Ano do modelo"],
  engine_size_l: ["Engine, litres", "Motor, litros"],
  mileage_km: ["Mileage, km", "Quilometragem, km"],
  price_usd: ["Price, US$", "Preço, US$"],
  sales_volume: ["Units sold", "Unidades vendidas"],
  sales_classification: ["Class", "Classificação"],
  first_year: ["From year", "Do ano"],
  last_year: ["To year", "Até o ano"],
  show: ["Show", "Mostrar"],
  units: ["Units", "Unidades"],
  revenue_usd: ["Revenue, US$", "Receita, US$"],
  mean_price: ["Mean price, US$", "Preço médio, US$"],
  records: ["Records", "Registros"],
  by_year: ["{what} by model year", "{what} por ano do modelo"],
  by_region: ["{what} by region", "{what} por região"],
  by_model: ["{what} by model", "{what} por modelo"],
  by_fuel_type: ["{what} by fuel", "{what} por combustível"],
  by_region_year: ["{what} by region and year", "{what} por região e ano"],
  numbers: ["The numbers", "Os números"],
  change: [
    "In {year}, {units} units: {share} {direction} than in {before}. The largest change is in {region}: {region_share} {region_direction}.",
    "Em {year}, {units} unidades: {share} {direction} que em {before}. A maior mudança é em {region}: {region_share} {region_direction}.",
  ],
  one_year: ["In {year}, {units} units.", "Em {year}, {units} unidades."],
  no_sales: ["No sales are left by these filters.", "Nenhuma venda passa por estes filtros."],
  forecast: ["Units in the years to come, by region", "Unidades nos próximos anos, por região"],
  forecast_of: ["{region}: units and forecast", "{region}: unidades e previsão"],
  forecast_signal: [
    "In the last {years} years, which it had not seen, this forecast was better than the average of the years before.",
    "Nos últimos {years} anos, que não tinha visto, esta previsão foi melhor que a média dos anos anteriores.",
  ],
  forecast_no_signal: [
    "These sales show no trend: in the last {years} years, which it had not seen, this forecast was not surely better than the average of the years before. Plan with the range, not with the line.",
    "Estas vendas não mostram tendência: nos últimos {years} anos, que não tinha visto, não se pode afirmar que esta previsão foi melhor que a média dos anos anteriores. Planeje com a faixa, não com a linha.",
  ],
  forecast_none: [
    "There are too few years of sales for a forecast.",
    "Há anos de vendas de menos para uma previsão.",
  ],
  forecast_range: [
    "The band is where 95 of 100 years should fall. The last year counts as complete.",
    "A faixa é onde devem cair 95 de 100 anos. O último ano conta como completo.",
  ],
  forecast_unfiltered: [
    "The forecast is made from all models, fuels and years; take those filters away to see it.",
    "A previsão é feita com todos os modelos, combustíveis e anos; retire esses filtros para vê-la.",
  ],
  sold: ["Sold", "Vendidas"],
  forecast_units: ["Forecast", "Previsão"],
  units_low: ["At least", "No mínimo"],
  units_high: ["At most", "No máximo"],
  more: ["more", "a mais"],
  fewer: ["fewer", "a menos"],
  source: [
    "Reports: {reports}; the newest seen {newest}. Asked {asked}.",
    "Relatórios: {reports}; o mais novo visto em {newest}. Consultado em {asked}.",
  ],
  bigquery_away: [
    "BigQuery does not answer now: these are its last numbers.",
    "O BigQuery não responde agora: estes são seus últimos números.",
  ],
  unknown: ["unknown", "desconhecido"],
  choose_model: ["What to predict", "O que prever"],
  predicted: ["Predicted: {label}", "Previsto: {label}"],
  probability: ["Probability of {label}", "Probabilidade de {label}"],
  reasons: ["Why", "Por quê"],
  warnings: ["Take care", "Atenção"],
  no_model: ["No model is in service.", "Nenhum modelo está em serviço."],
  small_number: ["The number all the same: {value}", "O número, mesmo assim: {value}"],
  version: ["Version {version}, made {made}", "Versão {version}, feita em {made}"],
  metric: ["Metric on unseen rows", "Métrica em linhas nunca vistas"],
  bigquery_ml: ["BigQuery ML", "BigQuery ML"],
  scikit_learn: ["The copy", "A cópia"],
  parity: [
    "The copy answered {rows} rows as BigQuery ML does; the largest difference is {worst}.",
    "A cópia respondeu a {rows} linhas como o BigQuery ML; a maior diferença é {worst}.",
  ],
  means_signal: [
    "What it means: the model knows something about sales that it has not seen. Read its answers with the warnings beside them.",
    "O que significa: o modelo sabe algo sobre vendas que não viu. Leia as respostas junto com os avisos.",
  ],
  means_no_signal: [
    "What it means: with these data nobody can say more than the average. Do not set prices or targets by this model; other columns may help, more of the same will not.",
    "O que significa: com estes dados ninguém pode dizer mais que a média. Não defina preços nem metas por este modelo; outras colunas podem ajudar, mais do mesmo não.",
  ],
  gain: ["Gain against a constant: {gain} (95% interval {low} to {high})", "Ganho contra uma constante: {gain} (intervalo de 95%: {low} a {high})"],
  features: ["What it looks at", "O que ele considera"],
  choose_file: ["A report, CSV", "Um relatório, CSV"],
  any_dialect: [
    "Or drop it here: comma or semicolon, 1,234.56 or 1.234,56, UTF-8 or Latin-1, headers in English or Portuguese.",
    "Ou solte-o aqui: vírgula ou ponto e vírgula, 1,234.56 ou 1.234,56, UTF-8 ou Latin-1, cabeçalhos em inglês ou português.",
  ],
  progress: ["Progress", "Progresso"],
  sending: ["Sending {file} …", "Enviando {file} …"],
  answered: ["{done} of {records} answered", "{done} de {records} respondidos"],
  batch_done: [
    "{records} records ({dialect}): {predicted} predicted, {rejected} rejected. The download has them all.",
    "{records} registros ({dialect}): {predicted} previstos, {rejected} rejeitados. O arquivo tem todos.",
  ],
  download: ["Download with predictions", "Baixar com as previsões"],
  cut_off: ["the answer was cut off", "a resposta foi interrompida"],
  card: ["Model card", "Cartão do modelo"],
  leak_audit: ["Leak audit", "Auditoria de vazamento"],
  leak_words: [
    "How well each column alone determines {label}. One that leaks repeats the answer and is never looked at.",
    "Quanto cada coluna sozinha determina {label}. A que vaza repete a resposta e nunca é considerada.",
  ],
  column: ["Column", "Coluna"],
  measure: ["Measure", "Medida"],
  measured: ["Value", "Valor"],
  auc: ["AUC", "AUC"],
  correlation: ["correlation", "correlação"],
  conditional_entropy: ["conditional entropy", "entropia condicional"],
  leaks: ["Leaks", "Vaza"],
  yes: ["yes", "sim"],
  no: ["no", "não"],
  history: ["Versions", "Versões"],
  version_column: ["Version", "Versão"],
  current: ["current", "atual"],
  made: ["Made", "Feita"],
  verdict: ["Verdict", "Veredito"],
  signal: ["signal", "sinal"],
  no_signal: ["no signal", "sem sinal"],
  last_run: ["Last run", "Última execução"],
  run_ok: ["held", "tudo certo"],
  run_failed: ["failed", "falhou"],
  run_running: ["at work", "em andamento"],
  run_stopped: ["was stopped", "foi interrompida"],
  run_died: ["died", "morreu"],
  run_words: ["{id}: {status}, {finished}, {seconds} s, {tests} dbt tests", "{id}: {status}, {finished}, {seconds} s, {tests} testes do dbt"],
  no_run: ["No run has left a record.", "Nenhuma execução deixou registro."],
  reports: ["Reports", "Relatórios"],
  report: ["Report", "Relatório"],
  lines: ["Lines", "Linhas"],
  clean: ["Clean", "Limpas"],
  flagged: ["Worth a look", "A conferir"],
  rejected: ["Rejected", "Rejeitadas"],
  duplicates: ["Duplicates", "Duplicatas"],
  seen_at: ["First seen", "Vista primeiro"],
  reason: ["Reason", "Motivo"],
  why_rejected: ["Why records were rejected", "Por que registros foram rejeitados"],
  rejected_records: ["Rejected records (the first hundred)", "Registros rejeitados (os cem primeiros)"],
  record: ["Record", "Registro"],
  missing: ["a value is missing", "falta um valor"],
  "not a number": ["not a number", "não é um número"],
  "out of range": ["out of range", "fora dos limites"],
  "wrong number of fields": ["wrong number of fields", "número errado de campos"],
  dbt_warnings: ["dbt warns", "O dbt avisa"],
};

export const LANGUAGES = ["en", "pt-BR"];
const kept = localStorage.getItem("language");
export let language = LANGUAGES.includes(kept) ? kept : document.documentElement.lang;

export function say(name, values = {}) {
  const words = WORDS[name];
  const text = words ? words[LANGUAGES.indexOf(language)] : name;
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export function switchLanguage() {
  language = LANGUAGES[1 - LANGUAGES.indexOf(language)];
  localStorage.setItem("language", language);
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export function significant(value) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 4 }).format(value);
}

export function scientific(value) {
  return new Intl.NumberFormat(language, { notation: "scientific", maximumSignificantDigits: 2 }).format(value);
}

export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(share);
}

export function compact(value) {
  return new Intl.NumberFormat(language, { notation: "compact" }).format(value);
}

export function time(text) {
  if (!text) return say("unknown");
  const form = { dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, form).format(new Date(text));
}
