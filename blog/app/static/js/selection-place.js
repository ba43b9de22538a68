// place(bar, text): puts the bar for selected words beside them. The browser knows where words in an editor are, and
// of a textarea only where it ends: there the field's foot has to do.
const GAP = 8;

export function place(bar, text) {
  const { left, top, bottom } = wordsAt(text) ?? footAt(text);
  const { offsetWidth: width, offsetHeight: height } = bar;
  const across = Math.min(left, document.documentElement.clientWidth - width - GAP);
  const isRoomBelow = bottom + height + 2 * GAP < innerHeight;
  const isRoomAbove = top > height + 2 * GAP;
  const down = isRoomBelow || !isRoomAbove ? Math.min(bottom + GAP, innerHeight - height - GAP) : top - height - GAP;
  const origin = (bar.offsetParent ?? document.body).getBoundingClientRect();
  bar.style.left = `${Math.max(across, GAP) - origin.left}px`;
  bar.style.top = `${Math.max(down, GAP) - origin.top}px`;
}

function wordsAt(text) {
  const found = getSelection();
  if (!found.rangeCount || found.isCollapsed || !text.form.contains(found.anchorNode)) return null;
  const box = found.getRangeAt(0).getBoundingClientRect();
  return box.width > 0 && box.height > 0 ? box : null;
}

function footAt(text) {
  const { left, top } = text.form.querySelector(".field__foot").getBoundingClientRect();
  return { left, top, bottom: top };
}
