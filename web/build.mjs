// node build.mjs OUT_DIR: bundles what each page names into OUT_DIR/assets/NAME-HASH.* and
// writes each page once a language, NAME.LANGUAGE.html, with the right names in place. Scripts and
// style sheets have .gz and .br beside them; the server fills in the rest of a page.
//
// A page lists its entry points in a comment: <!--assets src/chat/main.tsx src/chat/chat.css-->
// A script called *.boot.ts is loaded before the first paint, all others as modules. The words of
// a page's sections come before them: <!--words both chat-->
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { readLanguages } from "./words.mjs";

const PAGES = ["index.html", "audit.html"];
const MARK = /<!--assets (.*?)-->/, WORDS = /<!--words (.*?)-->/;
const home = import.meta.dirname;
const out = process.argv[2] ?? join(home, "../chatlog/static");

const languages = await readLanguages(join(home, "words"));
const pages = await Promise.all(PAGES.map(async (name) => {
  const html = await readFile(join(home, name), "utf8");
  const entries = MARK.exec(html)?.[1]?.split(" "), sections = WORDS.exec(html)?.[1]?.split(" ");
  if (!entries || !sections) throw new Error(`${name} has no <!--assets …--> or no <!--words …-->`);
  return { name, html, entries, sections };
}));

const shared = {
  outdir: join(out, "assets"), absWorkingDir: home,
  bundle: true, minify: true, target: "es2022",
  entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none", sourcemap: false, metafile: true, write: false, logLevel: "warning",
};
const entries = [...new Set(pages.flatMap((page) => page.entries))];
const isBoot = (entry) => entry.endsWith(".boot.ts");
const built = await Promise.all([
  build({ ...shared, entryPoints: entries.filter((entry) => !isBoot(entry)), splitting: true, format: "esm",
    jsx: "automatic", jsxImportSource: "preact" }),
  build({ ...shared, entryPoints: entries.filter(isBoot), format: "iife" }), // no module: it may import no chunk
]);

// Written only once everything is built: a failed build leaves the last pages whole.
await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });
for (const file of built.flatMap(({ outputFiles }) => outputFiles)) await writeFile(join(out, "assets", basename(file.path)), file.contents);

const outputs = built.flatMap(({ metafile }) => Object.entries(metafile.outputs));
const madeOf = new Map(outputs.map(([path, made]) => [made.entryPoint, { path, made }]));
function tags(entry) {
  const { path, made } = madeOf.get(entry);
  const address = `assets/${basename(path)}`;
  if (extname(path) === ".css") return [`<link rel="stylesheet" href="${address}">`];
  if (isBoot(entry)) return [`<script src="${address}"></script>`];
  const chunks = made.imports.filter((wanted) => wanted.kind === "import-statement");
  return [...chunks.map((chunk) => `<link rel="modulepreload" href="assets/${basename(chunk.path)}">`),
          `<script type="module" src="${address}"></script>`];
}

async function wordsTag(language, sections) {
  const words = Object.assign({}, ...sections.map((section) => languages.get(language)[section]));
  const script = `globalThis.chatlogWords=${JSON.stringify({ language, words })};\n`;
  const hash = createHash("sha256").update(script).digest("hex").slice(0, 8).toUpperCase();
  const address = `assets/words-${sections.at(-1)}-${language}-${hash}.js`;
  await writeFile(join(out, address), script);
  return `<script src="${address}"></script>`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
for (const { name, html, entries, sections } of pages)
  for (const [language, words] of languages) {
    const tag = await wordsTag(language, sections);
    const page = html.replace(MARK, () => entries.flatMap(tags).join("\n")).replace(WORDS, () => tag)
      .replaceAll("%language%", language).replace(/%word (\w+)%/g, (_, key) => escaped(words.both[key]));
    await writeFile(join(out, `${basename(name, ".html")}.${language}.html`), page);
  }

for (const name of await readdir(join(out, "assets"))) {
  const path = join(out, "assets", name), bytes = await readFile(path);
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  await writeFile(`${path}.br`, brotliCompressSync(bytes));
}
