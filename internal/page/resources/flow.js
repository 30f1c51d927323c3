// What the flow editor adds where scripts run: steps are dragged to their
// place, moved with Alt and the arrows, and marked in table and diagram at
// once. What it does is what the buttons of each row do.
import "./console.js";
const table = document.querySelector("table.steps");
const diagram = document.querySelector("svg.diagram");
const rows = [...table.querySelectorAll("tr[data-step]")];
const mark = (id) => {
  for (const e of document.querySelectorAll(".marked")) e.classList.remove("marked");
  if (!id) return;
  table.querySelector(`[data-step="${CSS.escape(id)}"]`)?.classList.add("marked");
  for (const e of diagram.querySelectorAll(`[data-for="${CSS.escape(id)}"]`)) e.classList.add("marked");
};
for (const row of rows) {
  row.addEventListener("pointerenter", () => mark(row.dataset.step));
  row.addEventListener("focusin", () => mark(row.dataset.step));
}
table.addEventListener("pointerleave", () => mark());
for (const g of diagram.querySelectorAll("[data-for]")) {
  g.addEventListener("pointerenter", () => mark(g.dataset.for));
  g.addEventListener("pointerleave", () => mark());
  g.addEventListener("click", () => {
    const row = table.querySelector(`[data-step="${CSS.escape(g.dataset.for)}"]`);
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("select, a, summary")?.focus();
  });
}
const send = (step, flow, index) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = table.dataset.move;
  for (const [name, value] of Object.entries({ session_code: table.dataset.session, execution: step, place: `${flow}:${index}` })) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.requestSubmit();
};
let dragged;
const clear = () => { for (const r of rows) r.classList.remove("before", "after", "inside"); };
const within = (row) => {
  const i = rows.indexOf(dragged), j = rows.indexOf(row);
  if (j < i) return false;
  for (let k = i + 1; k <= j; k++) if (+rows[k].dataset.level <= +dragged.dataset.level) return false;
  return true;
};
const where = (row, e) => {
  const box = row.getBoundingClientRect(), y = (e.clientY - box.top) / box.height;
  if (row.dataset.holds) return y < .3 ? "before" : "inside";
  return y < .5 ? "before" : "after";
};
for (const row of rows) {
  row.addEventListener("dragstart", (e) => {
    dragged = row;
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", row.dataset.step);
  });
  row.addEventListener("dragend", () => { dragged = undefined; clear(); });
  row.addEventListener("dragover", (e) => {
    if (!dragged || within(row)) return;
    e.preventDefault();
    clear();
    row.classList.add(where(row, e));
  });
  row.addEventListener("drop", (e) => {
    if (!dragged || within(row)) return;
    e.preventDefault();
    const place = where(row, e);
    if (place === "inside") return send(dragged.dataset.step, row.dataset.holds, 0);
    let index = +row.dataset.index + (place === "after" ? 1 : 0);
    if (dragged.dataset.in === row.dataset.in && +dragged.dataset.index < index) index--;
    send(dragged.dataset.step, row.dataset.in, index);
  });
  row.addEventListener("keydown", (e) => {
    const rtl = document.dir === "rtl";
    const way = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: rtl ? "into" : "out", ArrowRight: rtl ? "out" : "into" }[e.key];
    const button = e.altKey && way && row.querySelector(`[data-place="console.step.${way}"]`);
    if (!button) return;
    e.preventDefault();
    button.form.requestSubmit(button);
  });
}
const at = location.hash.startsWith("#step-") && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (at) {
  // The browser comes to the row once the page is there; its field is what goes on.
  at.addEventListener("focus", () => at.querySelector("select:enabled, a, summary")?.focus({ preventScroll: true }), { once: true });
  mark(at.dataset.step);
}
// Where the picture is wider than its place, its beginning is in view.
const box = diagram.closest(".scroll"), start = diagram.querySelector("[data-start]");
if (start) box.scrollLeft = start.getBoundingClientRect().left - box.getBoundingClientRect().left + box.scrollLeft - box.clientWidth / 2;
