// Amounts of charts in the currency of the page: reports are in USD; `money` holds a rate and how amounts are written.
const AMOUNT = /(^|_)usd(_|$)/;
const WORDS = new Set(["hovertemplate", "texttemplate", "hovertext", "text", "title"]);

/** A report, or a chart's options, with every amount at the page's rate. */
export function converted(value, money, isAmount = false) {
  if (!money) return value;
  if (typeof value === "number") return isAmount ? value * money.rate : value;
  if (Array.isArray(value)) return value.map((each) => converted(each, money, isAmount));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === "money" ? each : converted(each, money, isAmount || AMOUNT.test(name))]),
  );
}

/** What was made of it, with the currency's sign in place of the dollar's. */
export function labelled(made, money) {
  return money && made ? relabelled(made, money, "") : made;
}

/** How the library writes `$` in formats. */
export function locale(money) {
  return money ? { locale: "page", locales: { page: { dictionary: {}, format: { currency: [money.prefix, money.suffix] } } } } : {};
}

function relabelled(value, money, name) {
  if (typeof value === "string") return WORDS.has(name) ? signed(value, money) : value;
  if (Array.isArray(value)) return name === "x" || name === "y" ? value : value.map((each) => relabelled(each, money, name));
  if (value === null || typeof value !== "object") return value;
  const made = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, relabelled(each, money, key === "text" && name === "title" ? "title" : key)]));
  return made.tickprefix === "$" ? { ...made, tickprefix: money.prefix, ticksuffix: money.suffix } : made;
}

function signed(text, money) {
  const written = money.digits ? text : text.replaceAll("$,.2f", "$,.0f").replace(/([+-]?)\$(\d[\d,]*\.\d+)/g, whole);
  return written
    .replace(/\$(%\{[^}]*\}|<?\d[\d,.]*[kMBT]?)/g, (_all, amount) => `${money.prefix}${amount}${money.suffix}`)
    .replace(/\bUSD\b/g, money.code);
}

/** An amount of a currency without cents. */
function whole(_all, sign, amount) {
  const rounded = Math.round(Number(amount.replaceAll(",", "")));
  return `${rounded ? sign : ""}$${rounded.toLocaleString("en")}`;
}
