/**
 * Builds dist/: the whole program in one file, in which a command and what it needs are evaluated only when it is
 * called, and oclif's manifest. One file is read, checked and taken from the compile cache faster than twenty.
 * Usage: node scripts/build.ts
 */
import { globSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

const root = path.join(import.meta.dirname, "..");
const manifest = path.join(root, "oclif.manifest.json");
const PROGRAM = "./program.cjs";

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  // import() becomes require(): the loader of ES modules, and its look through a megabyte for exports, is not needed.
  supported: { "dynamic-import": false },
  minifySyntax: true,
  minifyWhitespace: true,
  // Node shows the line of an error that nobody caught; one of a megabyte would fill the screen.
  lineLimit: 200,
  legalComments: "linked",
  logLevel: "warning",
  // oclif loads it only to run plugins from TypeScript sources, which this program has none of.
  external: ["typescript"],
  define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
};

/** `src/main.ts` is a file of its own: it turns the compile cache on before the program is read. */
const programApart: Plugin = {
  name: "program-apart",
  setup(building) {
    building.onResolve({ filter: /^\.\/cli\/main\.ts$/ }, () => ({ path: PROGRAM, external: true }));
  },
};

/**
 * oclif loads a globbing library at every start and uses it only to look for commands where there is no manifest.
 * It is evaluated when it is used, which saves every command 4 ms.
 */
const globbingLater: Plugin = {
  name: "globbing-later",
  setup(building) {
    building.onResolve({ filter: /^tinyglobby$/ }, ({ pluginData, path: name }) =>
      pluginData === "itself" ? undefined : { path: name, namespace: "later" },
    );
    building.onLoad({ filter: /.*/, namespace: "later" }, async () => {
      const { path: real } = await building.resolve("tinyglobby", {
        kind: "require-call",
        resolveDir: root,
        pluginData: "itself",
      });
      return {
        contents: `exports.glob = (...args) => require(${JSON.stringify(real)}).glob(...args);`,
        resolveDir: root,
      };
    });
  },
};

/** Large libraries that most commands do not need; each has a file of its own, read when it is used. */
const APART = ["zod", "yaml"];

const librariesApart: Plugin = {
  name: "libraries-apart",
  setup(building) {
    building.onResolve({ filter: /^(zod|yaml)$/ }, ({ path: name }) => ({ path: `./${name}.cjs`, external: true }));
  },
};

/** The program with a table of its commands, each of which is evaluated when it is asked for. */
function programSource(): string {
  const files = globSync("src/commands/**/*.ts", { cwd: root }).sort();
  const entries = files.map((file) => {
    const id = path.relative("src/commands", file).replace(/\.ts$/, "").replaceAll(path.sep, ":");
    return `  get ${JSON.stringify(id)}() { return require("./${file}").default; },`;
  });
  return ['export { main } from "./src/cli/main.ts";', "export const commands = {", ...entries, "};", ""].join("\n");
}

rmSync(path.join(root, "dist"), { recursive: true, force: true });
rmSync(manifest, { force: true });

await Promise.all([
  ...APART.map((name) => build({ ...common, entryPoints: [name], outfile: `dist/${name}.cjs` })),
  build({ ...common, entryPoints: ["src/main.ts"], outfile: "dist/main.cjs", plugins: [programApart] }),
  build({
    ...common,
    stdin: { contents: programSource(), resolveDir: root, loader: "ts", sourcefile: "program.ts" },
    outfile: path.join("dist", PROGRAM),
    plugins: [globbingLater, librariesApart],
  }),
]);
// The file that oclif is told to find commands in.
writeFileSync(path.join(root, "dist/commands.cjs"), `module.exports = require("${PROGRAM}");\n`);

// Written after the bundle, from the bundle: what oclif then knows of a command is what will run.
const { Plugin: OclifPlugin } = await import("@oclif/core/config");
const plugin = new OclifPlugin({ root, type: "core", isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(manifest, `${JSON.stringify(plugin.manifest)}\n`);
