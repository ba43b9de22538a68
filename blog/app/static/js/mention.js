// <select data-mention>: puts @ and the chosen name where the cursor is in its form's comment.
import { attach } from "./attach.js";

attach("select[data-mention]", (select) => {
  const text = select.form.elements.body;
  select.hidden = false;
  select.addEventListener("change", () => {
    if (!select.value) return;
    const before = text.value.slice(0, text.selectionStart);
    const gap = before && !/\s$/.test(before) ? " " : "";
    text.setRangeText(`${gap}@${select.value} `, text.selectionStart, text.selectionEnd, "end");
    select.value = "";
    text.focus();
  });
});
