// say(text, tone): short news in the page's polite live region, for as long as it takes to read.
export function say(text, tone = "good") {
  const toast = document.createElement("p");
  toast.className = `toast ${tone}`;
  toast.textContent = text;
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), 4000 + text.length * 60);
}
