// Bundles the script of each page (src/*.ts) and copies the fonts into ../static, where Python
// serves them.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";

const STATIC = "../static";
const FONTS = {
  "eb-garamond": ["normal", "italic"],
  "source-sans-3": ["normal"],
};

const bundled = new Set(); // packages that a page's script holds
const pages = readdirSync("src").filter((name) => name.endsWith(".ts"));
for (const page of pages) {
  const { metafile, outputFiles } = await build({
    entryPoints: [`src/${page}`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "eof",
    metafile: true,
    write: false,
  });
  for (const name of Object.keys(metafile.inputs)) {
    const [, found] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name) ?? [];
    if (found) bundled.add(found);
  }
  const sources = Object.keys(metafile.inputs).filter((name) => name.startsWith("src/"));
  const to = `${STATIC}/${basename(page, ".ts")}.js`;
  writeFileSync(to, banner(sources.sort()) + outputFiles[0].text);
}

// Their licences ask to be passed on with them.
const licences = [...bundled].sort().map((name) => {
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  return `${name}\n\n${text}\n`;
});
writeFileSync(`${STATIC}/licences.txt`, licences.join(`\n${"-".repeat(72)}\n\n`));

// The banner says which sources a bundle was made of; a test without Node compares.
function banner(sources) {
  const digest = createHash("sha256");
  for (const name of sources) digest.update(readFileSync(name));
  return `/* holotype/service/web: ${sources.join(" ")} ${digest.digest("hex")} */\n`;
}

mkdirSync(`${STATIC}/fonts`, { recursive: true });
for (const [family, styles] of Object.entries(FONTS)) {
  const folder = `node_modules/@fontsource-variable/${family}`;
  for (const style of styles) {
    const file = `${family}-latin-wght-${style}.woff2`;
    copyFileSync(`${folder}/files/${file}`, `${STATIC}/fonts/${file}`);
  }
  copyFileSync(`${folder}/LICENSE`, `${STATIC}/fonts/${family}-OFL.txt`);
}
