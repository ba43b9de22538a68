// [data-meter]: the count below a field while one types; a number in it is the most characters allowed.
const number = new Intl.NumberFormat(document.documentElement.lang);
const counted = (count, one, several) => (count ? `${number.format(count)} ${count === 1 ? one : several}` : "");

document.addEventListener("input", (event) => {
  const meter = event.target.form?.querySelector("[data-meter]");
  if (!meter || event.target.name !== "value") return;
  const text = event.target.value;
  const most = Number(meter.dataset.meter);
  if (most) {
    const length = [...text].length;
    meter.textContent = `${number.format(length)} / ${number.format(most)} characters`;
    meter.classList.toggle("over", length > most);
    meter.classList.toggle("ok", length <= most);
  } else if (meter.dataset.meter === "items") {
    meter.textContent = counted(text.split("\n").filter((line) => line.trim()).length, "entry", "entries");
  } else {
    meter.textContent = counted(text.split(/\s+/).filter(Boolean).length, "word", "words");
  }
});
