// Shows the sketch of the parcel once the form is filled.
"use strict";

const sketch = document.querySelector("#sketch");
document.addEventListener("sogoc:filled", () => {
  if (sketch) {
    sketch.addEventListener("load", () => {
      sketch.hidden = false;
      document.querySelector("#no-sketch").hidden = true;
    });
    sketch.addEventListener("error", () => {
      const note = document.querySelector("#no-sketch");
      note.textContent = note.dataset.none;
    });
    sketch.src = sketch.dataset.src;
  }
});
