// The languages of the pages: one file each in words/, checked against English.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

export const SECTIONS = ["both", "chat", "timeMachine"];

// Read all languages; an error names every key that is missing, unknown or faulty, in all of them.
export async function readLanguages(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const languages = new Map();
  const faults = [];
  for (const name of names) {
    const language = name.slice(0, -".json".length);
    if (!isTag(language)) faults.push(`words/${name}: its name is not a language tag such as de or pt-BR`);
    else
      try {
        languages.set(language, JSON.parse(await readFile(join(folder, name), "utf8")));
      } catch (error) {
        faults.push(`words/${name}: ${error.message}`);
      }
  }
  const english = languages.get("en");
  if (!english) faults.push("words/en.json is missing");
  else for (const [language, words] of languages) faults.push(...faultsOf(language, words, english));
  if (faults.length > 0) throw new Error(`The words of the pages are not complete.\n${faults.join("\n")}`);
  return languages;
}

export function faultsOf(language, words, english) {
  const file = `words/${language}.json`;
  const faults = Object.keys(words).filter((name) => !SECTIONS.includes(name)).map((name) => `${file}: unknown section ${name}`);
  for (const section of SECTIONS) {
    const own = words[section] ?? {}, wanted = english[section];
    const name = (key) => `${section}.${key}`;
    for (const key of Object.keys(wanted)) if (!Object.hasOwn(own, key)) faults.push(`${file}: missing ${name(key)}`);
    for (const [key, text] of Object.entries(own)) {
      if (!Object.hasOwn(wanted, key)) faults.push(`${file}: unknown ${name(key)}`);
      else faults.push(...textFaults(language, text, wanted[key]).map((fault) => `${file}: ${name(key)} ${fault}`));
    }
  }
  return faults;
}

function textFaults(language, text, english) {
  if (typeof english === "string") {
    if (typeof text !== "string") return ["must be one text"];
    return sameValues(text, english) ? [] : [`must have the values ${valuesIn(english).join(", ") || "none"}`];
  }
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  if (typeof text !== "object" || text === null) return [`must have the plural forms ${forms.join(", ")}`];
  const faults = forms.filter((form) => typeof text[form] !== "string").map((form) => `is missing the plural form ${form}`);
  for (const [form, each] of Object.entries(text)) {
    if (!forms.includes(form)) faults.push(`has an unknown plural form ${form}`);
    else if (typeof each === "string" && !sameValues(each, english.other)) faults.push(`(${form}) must have the values ${valuesIn(english.other).join(", ")}`);
  }
  return faults;
}

// "one" may say "a message" instead of "1 message".
function sameValues(text, english) {
  const without = (each) => valuesIn(each).filter((value) => value !== "{count}").join();
  return without(text) === without(english) && valuesIn(text).every((value) => valuesIn(english).includes(value));
}

function valuesIn(text) {
  return [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
}

function isTag(text) {
  try {
    return Intl.getCanonicalLocales(text)[0] === text;
  } catch {
    return false;
  }
}
