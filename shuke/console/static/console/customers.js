// Customers: questions as dialogues, "/" for the search box, choosing rows, clicking tags.

const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");

// A question's page is put into the dialogue; its form answers in there too.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== body) return;
  body.querySelectorAll("form[method=post]").forEach((form) => {
    form.setAttribute("hx-post", form.getAttribute("action"));
    form.setAttribute("hx-target", "#dialog-body");
    window.htmx.process(form);
  });
  if (!dialog.open) dialog.showModal();
  (body.querySelector("[data-focus], .is-invalid, input:not([type=hidden]), textarea, select") ?? dialog).focus();
});

// What a form refuses comes back as the form with its sentences, whatever the status.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== body || event.detail.xhr.getResponseHeader("HX-Trigger")) return;
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

dialog?.addEventListener("click", (event) => {
  const closes = event.target.closest("[data-close], .form-buttons a, .page-back");
  if (closes || event.target === dialog) {
    event.preventDefault();
    dialog.close();
  }
});
dialog?.addEventListener("close", () => { body.textContent = ""; });

document.addEventListener("click", (event) => {
  const word = event.target.closest("[data-word]");
  if (!word) return;
  const input = word.closest("form").querySelector("[name=names]");
  const words = input.value.split(/[,，、]/).map((text) => text.trim()).filter(Boolean);
  if (!words.includes(word.dataset.word)) words.push(word.dataset.word);
  input.value = words.join("，");
  input.focus();
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  const box = document.querySelector("[data-search]");
  if (event.key !== "/" || isTyping || !box || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Choosing rows of the list

const chosen = document.querySelector("[data-chosen]");

function count() {
  const boxes = [...document.querySelectorAll("[data-row-box]")];
  const found = boxes.filter((box) => box.checked).length;
  const all = document.querySelector("[data-all-rows]");
  all.checked = found > 0 && found === boxes.length;
  all.indeterminate = found > 0 && found < boxes.length;
  chosen.hidden = found === 0;
  chosen.querySelector("[data-count]").textContent = found;
  const everybody = chosen.querySelector("[data-everybody]");
  if (everybody) {
    everybody.hidden = found < boxes.length;
    if (everybody.hidden) everybody.querySelector("input").checked = false;
  }
}

if (chosen) {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all-rows]"))
      document.querySelectorAll("[data-row-box]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-all-rows], [data-row-box]")) count();
  });
  window.addEventListener("pageshow", count);
  count();
}
