// Words, numbers and dates in the page's language; elements made without any HTML text.

const Text = {
  texts: {},
  words: {},
  language: "en",

  use(head) {
    Text.texts = head.texts;
    Text.words = head.words;
    Text.language = head.language;
    // The page's own English is British: 22 November 2026.
    const locale = head.language === "en" ? "en-GB" : head.language;
    Text.plural = new Intl.PluralRules(locale);
    Text.integer = new Intl.NumberFormat(locale);
    const utc = { timeZone: "UTC" };
    Text.day = new Intl.DateTimeFormat(locale, { ...utc, dateStyle: "long" });
    Text.month = new Intl.DateTimeFormat(locale, { ...utc, year: "numeric", month: "long" });
  },

  say(key, places = {}) {
    return Text.texts[key].replace(/\{(\w+)\}/g, (_, place) => String(places[place]));
  },

  // Both languages have the forms of one and of many; so do the texts.
  count(key, n, places = {}) {
    const form = Text.plural.select(n) === "one" ? "one" : "other";
    return Text.say(`${key}_${form}`, { n: Text.number(n), ...places });
  },

  number(n) {
    return Text.integer.format(n);
  },

  // Days since 1970 plus one, as the columns have them.
  date(day) {
    return Text.day.format(new Date((day - 1) * 86400000));
  },

  monthOf(month) {
    return Text.month.format(new Date(Date.UTC(1970 + Math.floor(month / 12), month % 12, 1)));
  },

  word(word) {
    return Object.hasOwn(Text.words, word) ? Text.words[word] : visible(word);
  },
};

// Characters that steer instead of show are spelled out: nothing may hide or turn what is read.
const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

function visible(text) {
  return text.replace(ACTING, (character) => {
    const code = character.codePointAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

// Makes an element: attributes by name, `on...` as listeners, children as text or elements.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// How wide a text is in the page's typeface, of so many pixels.
function textWidth(text, font) {
  textWidth.pen ??= document.createElement("canvas").getContext("2d");
  textWidth.pen.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  return textWidth.pen.measureText(text).width;
}

function byId(id) {
  return document.getElementById(id);
}
