// What the console's pages need beyond HTML: rows of forms, confirmation, toasts, copying, charts. Without eval, for the CSP.

const me = document.querySelector('script[src*="console/console.js"]');
const words = me.dataset;
const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// Toasts

function toast({ text, tone = "success", undo = "" }) {
  // What asks every second must not say every second that nobody answers.
  const isThere = [...document.querySelectorAll("#toasts .is-danger .toast-text")].some((one) => one.textContent === text);
  if (isThere && tone === "danger") return;
  const shown = [...document.querySelectorAll(".toast-card .toast-text")];
  if (tone !== "success" && shown.some((one) => one.textContent === text)) return;
  const card = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  card.classList.add(`is-${tone}`);
  card.querySelector(".toast-text").textContent = text;
  if (undo) {
    const form = card.querySelector("form");
    form.action = undo;
    form.hidden = false;
  }
  document.getElementById("toasts").append(card);
  if (tone === "success" && !undo) leave(card);
}

function leave(card) {
  setTimeout(() => card.matches(":hover, :focus-within") ? leave(card) : card.remove(), 6000);
}

function say(text) {
  toast({ text });
}

document.querySelectorAll("[data-leaves]").forEach(leave);
document.body.addEventListener("toast", (event) => toast(event.detail));
document.body.addEventListener("htmx:sendError", () => toast({ text: words.failed, tone: "danger" }));
document.body.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast({ text: words.failed, tone: "danger" });
});

// Rows of a form: added, removed and moved in place, so that nothing written is lost

let rowNumber = Date.now() % 1e6;

function addRow(rows) {
  const key = rows.dataset.key;
  const html = rows.querySelector(":scope > template[data-blank]").innerHTML.replaceAll(key, `n${++rowNumber}`);
  const list = rows.querySelector(":scope > [data-list]");
  list.insertAdjacentHTML("beforeend", html);
  list.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function moveRow(row, button) {
  const other = button.hasAttribute("data-up") ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (button.hasAttribute("data-up")) other.before(row); else other.after(row);
  button.focus();
  say(words.rowMoved);
}

function removeRow(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const add = row.closest("[data-rows]").querySelector(":scope > [data-add]");
  row.remove();
  (next?.querySelector("[data-remove]") ?? add).focus();
  say(words.rowRemoved);
}

// Clicks

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const row = button.closest("[data-row]");
  if (button.hasAttribute("data-dismiss")) button.closest(".toast-card").remove();
  else if (button.hasAttribute("data-add")) addRow(button.closest("[data-rows]"));
  else if (button.hasAttribute("data-up") || button.hasAttribute("data-down")) moveRow(row, button);
  else if (button.hasAttribute("data-remove")) removeRow(row);
  else if (button.hasAttribute("data-print")) window.print();
  else if (button.hasAttribute("data-copy")) copy(button.dataset.copy);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say(words.copied);
}

// Confirmation, for <form data-confirm="…"> and for hx-confirm

function confirmed(text, yes) {
  const dialog = document.getElementById("confirm");
  const button = document.getElementById("confirm-yes");
  const usual = button.textContent;
  document.getElementById("confirm-text").textContent = text;
  if (yes) button.textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    button.textContent = usual;
    resolve(dialog.returnValue === "yes");
  }, { once: true }));
}

// The page stays when a file comes, so the same form may be sent again.
const downloads = (...senders) => senders.some((one) => one?.hasAttribute("data-downloads"));

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.confirm && !form.dataset.confirmed) {
    event.preventDefault();
    event.stopPropagation();
    if (!(await confirmed(form.dataset.confirm, form.dataset.yes))) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(event.submitter);
    return;
  }
  delete form.dataset.confirmed;
  if (form.dataset.sent) event.preventDefault();
  else if (!form.hasAttribute("hx-post") && !downloads(form, event.submitter)) form.dataset.sent = "1";
}, true);

window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

document.body.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await confirmed(event.detail.question, event.detail.elt.dataset.yes)) event.detail.issueRequest(true);
});

// Charts: <div data-chart="id"> beside a JSON script of that id holding an ECharts option

let library;

function echarts() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = words.echarts;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

const palette = ["#b83a14", "#2f6f8f", "#c98a1b", "#4d7c4a", "#7b5ea7", "#a3566b"];

async function draw(box) {
  const source = document.getElementById(box.dataset.chart);
  const option = JSON.parse(source.textContent);
  if (!option) return;
  // On a phone the names of many series take two lines.
  if (box.clientWidth < 420 && option.legend?.top === 0 && option.series.length > 3) option.grid.top += 24;
  // Drawn on a canvas: the other renderer writes styles into the page, which its policy does not allow.
  const chart = (await echarts()).init(box, null, { renderer: "canvas" });
  chart.setOption({
    color: palette,
    animation: !still,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText" },
    ...option,
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

function prepare(root) {
  [root, ...root.querySelectorAll("[data-percent]")].forEach((bar) => {
    if (bar.dataset?.percent) bar.style.width = `${bar.dataset.percent}%`;
  });
  root.querySelectorAll("[data-chart]:not([data-drawn])").forEach((box) => {
    box.dataset.drawn = "";
    box.style.height = `${box.dataset.height}px`;
    draw(box);
  });
  root.querySelector("[data-focus]")?.focus();
}

prepare(document);
document.body.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
