/**
 * Builds dist/: one ES module for each command, with what they share split off, and oclif's manifest,
 * so that a command loads what it needs and nothing else. Usage: node scripts/build.ts
 */
import { globSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const manifest = join(root, "oclif.manifest.json");

rmSync(join(root, "dist"), { recursive: true, force: true });
rmSync(manifest, { force: true });

await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts", ...globSync("src/commands/**/*.ts", { cwd: root })],
  outbase: "src",
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minifySyntax: true,
  legalComments: "linked",
  // oclif loads it only to run plugins from TypeScript sources, which this program has none of.
  external: ["typescript"],
  logLevel: "warning",
  // CommonJS packages in the bundle expect these of Node's module scope.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      "const require = __createRequire(import.meta.url);",
      "const __dirname = import.meta.dirname, __filename = import.meta.filename;",
    ].join("\n"),
  },
});

// Written after the bundle, from the bundle: what oclif then knows of a command is what will run.
const { Plugin } = await import("@oclif/core/config");
const plugin = new Plugin({ root, type: "core", isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(manifest, `${JSON.stringify(plugin.manifest)}\n`);
