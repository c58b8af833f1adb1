/* A library that stands in the page as text, as a module. */
function library(id) {
  const text = document.getElementById(id).textContent;
  return import(`data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`);
}

const { default: DataTable } = await library("tables-library");
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
const families = [...document.querySelectorAll("#chart input")];

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
  const without = families.filter((f) => !f.checked).map((f) => ["without", f.name]);
  const chosen = new URLSearchParams(filters.filter((f) => f.value).map((f) => [f.id, f.value]).concat(without));
  const query = chosen.size ? `?${chosen}` : location.pathname;
  history.replaceState(null, "", `${query}${location.hash}`);
}

for (const filter of filters) {
  const wanted = new URLSearchParams(location.search).get(filter.id);
  if ([...filter.options].some((option) => option.text === wanted)) filter.value = wanted;
  filter.addEventListener("change", () => { showChosen(); keepChosen(); });
}
if (filters.some((filter) => filter.value)) showChosen();

/* A line of the first table that the address names is marked and shown. */
function followAddress() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const row = tables[0].rows().nodes().toArray().find((each) => each.id && each.id === wanted);
  document.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
  if (!row) return;
  if (!row.isConnected) tables[0].search("").draw();
  row.setAttribute("aria-current", "true");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", followAddress);
followAddress();

/* Files have no clipboard in every browser: what is selected there can be copied. */
async function copy(code, button) {
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    document.execCommand("copy");
  }
  button.textContent = "copied";
}

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches(".again") || target.querySelector("button")) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "copy" });
  button.addEventListener("click", () => copy(target.querySelector("code"), button));
  target.append(button);
}, true);

for (const picture of document.querySelectorAll(".picture")) {
  picture.addEventListener("click", () => {
    picture.setAttribute("aria-pressed", picture.getAttribute("aria-pressed") !== "true");
  });
}
