// Keeps what was typed in this browser until the server has it. Each person's drafts are their own.
const key = (form) => `draft ${form.dataset.autosave} ${new URL(form.action).pathname}`;

export function keep(form, text, base) {
  try {
    localStorage.setItem(key(form), JSON.stringify({ text, base }));
  } catch {
    // The browser's store is full or forbidden: the words are still in the field.
  }
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
