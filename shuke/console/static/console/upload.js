// The drop zone of the import page: starts the upload when files are chosen and shows how far it is.

const form = document.querySelector("form[data-upload]");

if (form) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const words = form.querySelector(".drop-words");
  const going = form.querySelector("[data-going]");
  const bar = form.querySelector("[data-bar]");
  const said = form.querySelector("[data-said]");

  form.querySelector("[data-without-script]").hidden = true;

  const show = (percent) => {
    bar.setAttribute("aria-valuenow", percent);
    bar.firstElementChild.style.width = `${percent}%`;
    said.textContent = percent < 100 ? `${said.dataset.uploading} ${percent}%` : said.dataset.looking;
  };

  const rest = () => {
    words.hidden = false;
    going.hidden = true;
    input.value = "";
  };

  input.addEventListener("change", () => {
    if (!input.files.length) return;
    going.querySelector("[data-names]").textContent = [...input.files].map((file) => file.name).join("、");
    words.hidden = true;
    going.hidden = false;
    show(0);
    form.requestSubmit();
  });

  form.addEventListener("htmx:xhr:progress", (event) => {
    if (event.detail.lengthComputable) show(Math.floor((event.detail.loaded / event.detail.total) * 100));
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.xhr?.getResponseHeader("HX-Redirect")) rest();
  });

  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("is-over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  window.addEventListener("pageshow", rest);
}
