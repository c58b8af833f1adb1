const bare = { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null };
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
dark.addEventListener("change", follow);
follow();

const tables = [...document.querySelectorAll("table.sorted")].map((table) => {
  const layout = table.id === "models" ? { ...bare, topStart: "search", topEnd: "info" } : bare;
  const columnDefs = [{ targets: "number", orderSequence: ["desc", "asc"] }];
  const around = table.parentElement;
  const made = new DataTable(table, { paging: false, order: [], autoWidth: false, layout, columnDefs });
  const box = table.closest(".dt-layout-table");
  for (const name of ["role", "tabindex", "aria-label"]) {
    box.setAttribute(name, around.getAttribute(name));
    around.removeAttribute(name);
  }
  around.classList.add("ready");
  return made;
});

const filters = [...document.querySelectorAll(".filters select")];

function showChosen() {
  for (const { id, value } of filters) {
    tables[0].column(`${id}:name`).search(value, { exact: value !== "" });
    for (const part of document.querySelectorAll(`[data-${id}]`)) {
      part.hidden = value !== "" && part.dataset[id] !== value;
    }
  }
  for (const section of document.querySelectorAll("section[data-study]")) {
    section.hidden ||= !section.querySelector("[data-dataset]:not([hidden])");
  }
  tables[0].draw();
}

/* What is chosen stands in the address, which can be kept and sent. */
function keepChosen() {
  const chosen = new URLSearchParams(filters.filter((f) => f.value).map((f) => [f.id, f.value]));
  const query = chosen.size ? `?${chosen}` : location.pathname;
  history.replaceState(null, "", `${query}${location.hash}`);
}

for (const filter of filters) {
  const wanted = new URLSearchParams(location.search).get(filter.id);
  if ([...filter.options].some((option) => option.text === wanted)) filter.value = wanted;
  filter.addEventListener("change", () => { showChosen(); keepChosen(); });
}
if (filters.some((filter) => filter.value)) showChosen();

for (const picture of document.querySelectorAll(".picture")) {
  picture.addEventListener("click", () => {
    picture.setAttribute("aria-pressed", picture.getAttribute("aria-pressed") !== "true");
  });
}
