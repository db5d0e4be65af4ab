// Forms of rules: rows that come, go or move ask for a new preview; a discount shows its ‰ beside it.

const form = document.getElementById("form");

function permille(input) {
  const value = Number(input.value.trim().replace("折", ""));
  const field = input.closest(".field");
  const hint = field.querySelector("[data-shown]") ?? field.appendChild(Object.assign(document.createElement("small"), { className: "form-hint" }));
  hint.dataset.shown = "";
  hint.textContent = value > 0 && value <= 10 ? form.dataset.permille.replace("%s", Math.round(value * 100)) : "";
}

function every(root) {
  root.querySelectorAll('input[name$=".discount_permille"]').forEach(permille);
}

if (form?.dataset.permille) {
  every(form);
  form.addEventListener("input", (event) => event.target.matches('input[name$=".discount_permille"]') && permille(event.target));
}

form?.querySelectorAll("[data-list]").forEach((list) => new MutationObserver((changes) => {
  if (!changes.some((change) => change.target === list)) return;
  if (form.dataset.permille) every(list);
  form.dispatchEvent(new Event("change", { bubbles: true }));
}).observe(list, { childList: true }));
