// Bundles the pages' script and copies their fonts into ../static, where Python serves them.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const STATIC = "../static";
const FONTS = {
  "eb-garamond": ["normal", "italic"],
  "source-sans-3": ["normal"],
};

// The banner says which sources the bundle was made of; a test without Node compares.
const digest = createHash("sha256");
for (const name of readdirSync("src").sort()) digest.update(readFileSync(`src/${name}`));

await build({
  entryPoints: ["src/page.ts"],
  outfile: `${STATIC}/page.js`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  banner: { js: `/* holotype/service/web, sources ${digest.digest("hex")} */` },
});

mkdirSync(`${STATIC}/fonts`, { recursive: true });
for (const [family, styles] of Object.entries(FONTS)) {
  const folder = `node_modules/@fontsource-variable/${family}`;
  for (const style of styles) {
    const file = `${family}-latin-wght-${style}.woff2`;
    copyFileSync(`${folder}/files/${file}`, `${STATIC}/fonts/${file}`);
  }
  copyFileSync(`${folder}/LICENSE`, `${STATIC}/fonts/${family}-OFL.txt`);
}
