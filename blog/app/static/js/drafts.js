// Keeps what was typed in this browser until the server has it. Each person's drafts are their own.
const key = (form) => `draft ${form.dataset.autosave} ${new URL(form.action).pathname}`;

export function keep(form, text, base) {
  try {
    localStorage.setItem(key(form), JSON.stringify({ text, base }));
  } catch {
    // The browser's store is full or forbidden: the words are still in the field.
  }
}

const LONG = 20_000;
const GAP = 300;
const waiting = new WeakMap();

// The browser's store takes longer over a long text than a key may: there it waits for the next gap.
export function keepSoon(form, field, base, isNeeded) {
  clearTimeout(waiting.get(form));
  if (field.value.length < LONG) keep(form, field.value, base());
  else waiting.set(form, setTimeout(() => isNeeded() && keep(form, field.value, base()), GAP));
}

export function forget(form) {
  try {
    localStorage.removeItem(key(form));
  } catch {
    // As above.
  }
}

export function find(form) {
  try {
    return JSON.parse(localStorage.getItem(key(form)) ?? "null");
  } catch {
    return null;
  }
}
