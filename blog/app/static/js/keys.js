// The shortcuts of a page, in one place: bind(keys, says, act) listens and tells, tell(keys, says) only tells of
// what another module listens for. `?` lists exactly these.
const told = [];
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const SHOWN = { Mod: isMac ? "⌘" : "Ctrl", Alt: isMac ? "⌥" : "Alt", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "↵" };

export const shown = (keys) => keys.split(" ").map((part) => part.split("+").map((key) => SHOWN[key] ?? key));

export function tell(keys, says) {
  told.push({ keys, says });
}

export const shortcuts = () => told;

// A letter typed into a field is a letter.
export const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

const pressed = (event, combination) => {
  const parts = combination.split("+");
  const key = parts.pop();
  const mod = parts.includes("Mod");
  return event.key.toLowerCase() === key.toLowerCase() && mod === (event.ctrlKey || event.metaKey) && parts.includes("Alt") === event.altKey;
};

// `act(event)` answers false when there is nothing to do, and the key keeps its usual meaning.
export function bind(keys, says, act) {
  tell(keys, says);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !keys.split(" ").some((one) => pressed(event, one))) return;
    if (!keys.includes("Mod+") && isTyping(event.target)) return;
    if (act(event) !== false) event.preventDefault();
  });
}
