// The page on which an analysis is started.

import "./local-time.js";
import "./upload-form.js";

// A second click sends nothing; were it faster, the form's token would make it the same job.
for (const form of document.querySelectorAll("form.once")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.once")) delete form.dataset.sent;
});
