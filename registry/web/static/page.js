// The pages work without this file. It brings a reader to what is wrong with a form, and lets a
// second press of a button not send a form twice.
"use strict";

const errors = document.querySelector(".errors");
if (errors) {
  errors.focus();
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
    }
    form.dataset.sent = "yes";
  });
}

// Coming back by the browser's own button, a form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[method=post]")) {
    delete form.dataset.sent;
  }
});
