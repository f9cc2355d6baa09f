// Files can be dropped anywhere on the form that takes them; without this module one chooses them.
const form = document.querySelector("[data-drop]");
const field = form?.querySelector("input[type=file]");

/** Whether what is dragged is files. */
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

// A file of megabytes takes a moment: the button says so.
form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  button.textContent = "Reading…";
  button.setAttribute("aria-disabled", "true");
});

// Whoever comes back to the page finds it as it was.
addEventListener("pageshow", () => {
  const button = form?.querySelector("button");
  button?.removeAttribute("aria-disabled");
  if (button) button.textContent = "Import";
});
