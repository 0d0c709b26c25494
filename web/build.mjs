// node build.mjs OUT_DIR: bundles what each page names into OUT_DIR/assets/NAME-HASH.* and
// writes the pages with the right names in place, everything with .gz and .br beside it.
//
// A page lists its entry points in a comment: <!--assets src/chat/main.tsx src/chat/chat.css-->
// A script called *.boot.ts is loaded before the first paint, all others as modules.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const PAGES = ["index.html", "audit.html"];
const MARK = /<!--assets (.*?)-->/;
const home = import.meta.dirname;
const out = process.argv[2] ?? join(home, "../chatlog/static");

const pages = await Promise.all(PAGES.map(async (name) => {
  const html = await readFile(join(home, name), "utf8");
  const entries = MARK.exec(html)?.[1]?.split(" ");
  if (!entries) throw new Error(`${name} has no <!--assets …-->`);
  return { name, html, entries };
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
for (const { name, html, entries } of pages)
  await writeFile(join(out, name), html.replace(MARK, () => entries.flatMap(tags).join("\n")));

for (const folder of [out, join(out, "assets")])
  for (const name of (await readdir(folder)).filter((entry) => extname(entry) !== "" && !entry.startsWith("."))) {
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    await writeFile(join(folder, `${name}.br`), brotliCompressSync(bytes));
  }
