// _(text, values), ngettext(one, several, n, values): what scripts say, in the language of the page. English stands in
// the scripts and is found there by `make messages`; for another language the page brings <meta name="words">.
const known = JSON.parse(document.querySelector('meta[name="words"]')?.content ?? "{}");

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (place, name) => values[name] ?? place);

export function _(text, values = {}) {
  return filled(known[text] ?? text, values);
}

export function ngettext(one, several, n, values = {}) {
  const found = known[one];
  const form = found ? found.forms[found.of[n < 200 ? n : 100 + (n % 100)]] : n === 1 ? one : several;
  return filled(form, { n, ...values });
}
