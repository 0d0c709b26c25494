import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import "./words.fixture.ts";
import { faultsOf, readLanguages } from "../../words.mjs";
import { nameList, parts, t } from "./words.ts";

const home = new URL("../../", import.meta.url);
const languages = await readLanguages(new URL("words/", home).pathname);
const english = languages.get("en")!;

test("numbers and plural forms are those of the language", () => {
  assert.equal(t("newMessages", { count: 1 }), "1 new message");
  assert.equal(t("newMessages", { count: 1_200 }), "1,200 new messages");
  assert.deepEqual(parts("beginningOf", { room: 7n }), ["This is the beginning of ", 7n, "."]);
  assert.equal(nameList(["ada"]), "ada");
  assert.equal(nameList(["ada", "bob"]), "ada and bob");
  assert.equal(nameList(["ada", "bob", "cy", "dee", "eve"]), "ada, bob and 3 others");
});

test("a language that is not complete is named with each of its faults", () => {
  const { noScript: _, ...both } = english["both"]!;
  const polish = {
    ...english, extra: {},
    both: { ...both, typo: "?", close: { other: "Zamknij" }, listEnd: "{names} i {who}",
      others: { one: "{count} inna", few: "{count} inne", two: "{count}", other: "{count} innej {x}" } },
  };
  assert.deepEqual(faultsOf("pl", polish, english).filter((fault) => !/missing the plural form|chat\.|timeMachine\.|andOthers|tryAgainIn/.test(fault)), [
    "words/pl.json: unknown section extra",
    "words/pl.json: missing both.noScript",
    "words/pl.json: both.listEnd must have the values {last}, {names}",
    "words/pl.json: both.others has an unknown plural form two",
    "words/pl.json: both.others (other) must have the values {count}",
    "words/pl.json: both.close must be one text",
    "words/pl.json: unknown both.typo",
  ]);
  assert.ok(faultsOf("pl", polish, english).includes("words/pl.json: both.others is missing the plural form many"));
});

test("every word is used, and only where its page has it", async () => {
  const used = new Map<string, Set<string>>();
  for (const folder of ["ui", "chat", "audit"]) {
    const names = (await readdir(new URL(`src/${folder}/`, home))).filter((name) => /(?<!\.test|\.fixture)\.tsx?$/.test(name));
    const texts = await Promise.all(names.map((name) => readFile(new URL(`src/${folder}/${name}`, home), "utf8")));
    used.set(folder, new Set(texts.join("\n").match(/(?<=")\w+(?=")/g)));
  }
  const pages = { both: ["ui", "chat", "audit"], chat: ["chat"], timeMachine: ["audit"] };
  for (const [section, folders] of Object.entries(pages))
    for (const key of Object.keys(english[section]!))
      if (key !== "noScript") assert.ok(folders.some((folder) => used.get(folder)!.has(key)), `${section}.${key} is not used`);
  const inHtml = await readFile(new URL("audit.html", home), "utf8");
  for (const [, key] of inHtml.matchAll(/%word (\w+)%/g)) assert.ok(Object.hasOwn(english["both"]!, key!), `both has no ${key}`);
});

test("no page has words of its own: they are all in words/", async () => {
  for (const folder of ["ui", "chat", "audit"])
    for (const name of (await readdir(new URL(`src/${folder}/`, home))).filter((each) => each.endsWith(".tsx"))) {
      const text = (await readFile(new URL(`src/${folder}/${name}`, home), "utf8")).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      const found = [
        ...text.matchAll(/(?:aria-label|title|placeholder|label|legend|help)="([^"]+)"/g),
        ...text.matchAll(/<[a-z1-6]+(?: [^<>{}]*)?>([A-Za-z][^<>{}]*)</g),
      ].map(([, words]) => words!).filter((words) => /\p{L}/u.test(words) && !["audit", "admin", "Ctrl K", "Esc"].includes(words) && !/^\w+At$/.test(words));
      assert.deepEqual(found, [], `${folder}/${name}`);
    }
});
