// [data-meter]: the count below a field while one types: entries, words, or characters where a limit is near.
const number = new Intl.NumberFormat(document.documentElement.lang);
const counted = (count, one, several) => `${number.format(count)} ${count === 1 ? one : several}`;

function words(text, meter, most) {
  const length = [...text].length;
  if (!text) return "";
  if (most && (most <= 300 || length > most * 0.8)) {
    return `${number.format(length)} / ${number.format(most)} characters`;
  }
  if (meter.dataset.meter === "entries") {
    return counted(text.split("\n").filter((line) => line.trim()).length, "entry", "entries");
  }
  return counted(text.split(/\s+/).filter(Boolean).length, "word", "words");
}

document.addEventListener("input", (event) => {
  const meter = event.target.form?.querySelector("[data-meter]");
  if (!meter || event.target.name !== "value") return;
  const most = Number(meter.dataset.most ?? 0);
  const length = [...event.target.value].length;
  meter.textContent = words(event.target.value, meter, most);
  meter.classList.toggle("over", most > 0 && length > most);
  meter.classList.toggle("ok", most > 0 && most <= 300 && length > 0 && length <= most);
});
