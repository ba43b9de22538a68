// whenLetGo(act): at once, or after the pointer that is down was lifted and its click has arrived. What moves the page
// under a pressed button would make the press miss it. isHeld(): the pointer is down.
let isDown = false;
const waiting = new Set();

export const isHeld = () => isDown;

export function whenLetGo(act) {
  if (isDown) waiting.add(act);
  else act();
}

function up() {
  isDown = false;
  setTimeout(() => {
    if (isDown) return;
    const acts = [...waiting];
    waiting.clear();
    for (const act of acts) act();
  });
}

document.addEventListener("pointerdown", () => (isDown = true), true);
for (const end of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(end, up, true);
