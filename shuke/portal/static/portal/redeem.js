// Comforts of the page on paying with points: sliding, tapping, copying, counting down. It works without them too.

const form = document.querySelector(".pick");
if (form) {
  const number = form.elements.points, range = form.querySelector(".pick-range"), out = form.querySelector(".pick-worth");
  const chips = form.querySelectorAll(".chip");
  const show = (points) => {
    const fen = Math.floor(points * Number(form.dataset.rate) / 100);
    out.textContent = points > 0 ? `= ¥${(fen / 100).toFixed(2)}` : "";
    if (range) range.value = points;
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(Number(chip.dataset.points) === points)));
  };
  const set = (points) => { number.value = points; show(points); };
  form.querySelectorAll("[hidden]").forEach((one) => { if (one.type !== "hidden") one.hidden = false; });
  number.addEventListener("input", () => show(Number(number.value)));
  range?.addEventListener("input", () => set(Number(range.value)));
  chips.forEach((chip) => chip.addEventListener("click", () => set(Number(chip.dataset.points))));
  show(Number(number.value));
}

document.querySelectorAll("[data-copy-of]").forEach((button) => {
  const source = document.getElementById(button.dataset.copyOf);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(source);
    }
  });
});

document.querySelectorAll("[data-until]").forEach((place) => {
  const end = new Date(place.dataset.until), fixed = place.textContent;
  const tick = () => {
    const left = Math.max(0, Math.floor((end - Date.now()) / 1000));
    const two = (value) => String(Math.floor(value)).padStart(2, "0");
    place.textContent = `${place.dataset.words} ${two(left / 3600)}:${two(left / 60 % 60)}:${two(left % 60)} · ${fixed}`;
    if (!left) location.reload();
  };
  if (end > Date.now()) { tick(); setInterval(tick, 1000); }
});
