const chart = document.getElementById("chart");
const { points, families: looks, specification } = JSON.parse(document.getElementById("chart-data").textContent);
const chosenOf = (id) => filters.find((filter) => filter.id === id).value;

function shownPoints(dataset) {
  const study = chosenOf("study");
  const drawn = new Set(families.filter((family) => family.checked).map((family) => family.name));
  return points.filter((point) => point.dataset === dataset && drawn.has(point.family)
    && (!study || point.study.split(", ").includes(study)));
}

/* The colours of the page's theme. */
function config() {
  const style = getComputedStyle(document.documentElement);
  const [text, line] = ["--text", "--line"].map((name) => style.getPropertyValue(name).trim());
  return {
    font: "system-ui, sans-serif",
    axis: {
      labelColor: text, titleColor: text, titleFontWeight: "normal", labelFontSize: 12, titleFontSize: 13,
      gridColor: line, domainColor: line, tickColor: line,
    },
    view: { stroke: line },
  };
}

/* For all models of a dataset, so that nothing moves when families are switched. */
function countsOf(dataset) {
  const counts = points.filter((point) => point.dataset === dataset).map((point) => point.trainable);
  return [Math.min(...counts) / 1.2, Math.max(...counts) * 1.2];
}

function specified(dataset, shown) {
  const made = structuredClone(specification);
  const colours = looks.map((look) => (dark.matches ? look.dark : look.colour));
  made.description = `Test accuracy against trainable parameters of ${shown.length} models on ${dataset}; `
    + "each is a line of the table Every model.";
  made.data.values = shown;
  made.encoding.x.scale.domain = countsOf(dataset);
  made.encoding.color.scale.range = colours;
  made.layer[1].encoding.fill.scale.range = colours;
  return made;
}

let drawn;
async function draw() {
  const { default: embed } = await library("chart-library");
  const dataset = chosenOf("dataset") || points[0].dataset;
  const name = chart.querySelector(".shown");
  if (name) name.textContent = dataset;
  drawn?.finalize();
  /* An expression is interpreted: the page evaluates no text. */
  drawn = await embed(chart.querySelector(".plot"), specified(dataset, shownPoints(dataset)), {
    mode: "vega-lite", renderer: "canvas", ast: true, actions: false, config: config(), tooltip: { theme: dark.matches ? "dark" : "light" },
  });
  drawn.view.addEventListener("click", (event, item) => {
    const study = chosenOf("study");
    const row = item?.datum?.rows?.find((id) => !study || id.startsWith(`${study}-`));
    if (!row) return;
    location.hash = row;
    followAddress();
  });
}

let last;
const redraw = () => { if (last) last = last.then(draw); };
for (const family of families) {
  family.checked = !new URLSearchParams(location.search).getAll("without").includes(family.name);
  family.addEventListener("change", () => { keepChosen(); redraw(); });
}
for (const filter of filters) filter.addEventListener("change", redraw);
dark.addEventListener("change", redraw);

chart.hidden = false;
/* Its library is large: it is read when the chart is nearly reached. */
new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  last = draw();
}, { rootMargin: "400px" }).observe(chart);
