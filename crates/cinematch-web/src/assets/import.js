// Accepts files dropped anywhere on the import form. Without this module, users choose files with the file field.
const form = document.querySelector("[data-drop]");
const field = form?.querySelector("input[type=file]");
const button = form?.querySelector("button");
const label = button?.textContent;

/** Returns true if the drag contains files. */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

for (const kind of ["dragenter", "dragover"]) {
  form?.addEventListener(kind, (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.add("over");
  });
}

form?.addEventListener("dragleave", (event) => {
  if (!form.contains(event.relatedTarget)) form.classList.remove("over");
});

form?.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form.classList.remove("over");
  field.files = event.dataTransfer.files;
  form.requestSubmit();
});

// Show on the button that files are being sent, since large files take a moment.
form?.addEventListener("submit", () => {
  button.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true");
});

// Restore the button when the browser shows the page from its back/forward cache.
addEventListener("pageshow", () => {
  button?.removeAttribute("aria-disabled");
  if (button) button.textContent = label;
});
