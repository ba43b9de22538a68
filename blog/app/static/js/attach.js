// Calls `start(element)` once for each element that matches, now and whenever htmx brings in more.
export function attach(selector, start) {
  const begun = new WeakSet();
  const begin = (root) => {
    for (const element of root.querySelectorAll(selector)) {
      if (!begun.has(element)) {
        begun.add(element);
        start(element);
      }
    }
  };
  begin(document);
  document.addEventListener("htmx:after:process", () => begin(document));
}
