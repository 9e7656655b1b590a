/**
 * Writes the generated pages of docs/ (commands, configuration keys, exit codes, schemas of --json, coverage, tools), and
 * the package lists of the Debian image.
 * Usage: node scripts/docs.ts [--check]   (--check writes nothing and fails when a page is stale)
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { generatedPages, stalePages } from "./lib/docs/pages.ts";

const root = path.resolve(import.meta.dirname, "..");
const pages = await generatedPages(root);
const stale = stalePages(root, pages);

if (process.argv.includes("--check")) {
  for (const file of stale) process.stderr.write(`stale: ${file} (npm run docs)\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const file of stale) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), pages.get(file) ?? "");
    process.stdout.write(`written: ${file}\n`);
  }
}
