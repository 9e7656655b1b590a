/**
 * Builds dist/: the whole program in one file, in which a command and what it needs are evaluated only when it is
 * called, and oclif's manifest. One file is read, checked and taken from the compile cache faster than twenty.
 * Usage: node scripts/build.ts
 */
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

const require = createRequire(import.meta.url);
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
 * Modules that oclif loads at every start and needs only for help, for finding commands without a manifest, or for a
 * command line that names no command. They are evaluated when something of them is used.
 */
const LATER = ["tinyglobby", "@oclif/core/config", "@oclif/core/help", "@oclif/core/handle"].map((name) =>
  require.resolve(name),
);

const evaluatedLater: Plugin = {
  name: "evaluated-later",
  setup(building) {
    building.onResolve({ filter: /^[.@t]/ }, async ({ path: name, pluginData, ...from }) => {
      if (pluginData === "itself" || from.namespace === "later") return undefined;
      const { resolveDir, kind, importer } = from;
      const found = await building.resolve(name, { resolveDir, kind, importer, pluginData: "itself" });
      return LATER.includes(found.path) ? { path: found.path, namespace: "later" } : undefined;
    });
    building.onLoad({ filter: /.*/, namespace: "later" }, ({ path: file }) => {
      const names = Object.keys(require(file) as object).filter((name) => name !== "__esModule");
      const getters = names.map((name) => `get ${name}() { return require(${JSON.stringify(file)}).${name}; },`);
      return { contents: `module.exports = {\n${getters.join("\n")}\n};`, resolveDir: root };
    });
  },
};

/** Large libraries that most commands do not need; each has a file of its own, read when it is used. */
const APART = ["zod", "yaml", "pino", "cron-parser", "nodemailer"];

const librariesApart: Plugin = {
  name: "libraries-apart",
  setup(building) {
    building.onResolve({ filter: new RegExp(`^(${APART.join("|")})$`) }, ({ path: name }) => ({
      path: `./${name}.cjs`,
      external: true,
    }));
  },
};

/** The program with a table of its commands, each of which is evaluated when it is asked for. */
function programSource(): string {
  const files = globSync("src/commands/**/*.ts", { cwd: root }).sort();
  const entries = files.map((file) => {
    const id = path.relative("src/commands", file).replace(/\.ts$/, "").replaceAll(path.sep, ":");
    return `  get ${JSON.stringify(id)}() { return require("./${file}").default; },`;
  });
  const table = ["export const commands = {", ...entries, "};"];
  return [
    'import { main as run } from "./src/cli/main.ts";',
    ...table,
    "export const main = () => run(commands);",
  ].join("\n");
}

/** 1Password's SDK, a program of its own; it looks for its 14 MB of WebAssembly beside itself. */
const SDK = { program: "src/adapters/onepassword/sdk-program.ts", wasm: "core_bg.wasm" };

/** The file beside the SDK's own core. */
function sdkWasm(): string {
  const sdk = createRequire(require.resolve("@1password/sdk"));
  return path.join(path.dirname(sdk.resolve("@1password/sdk-core")), SDK.wasm);
}

rmSync(path.join(root, "dist"), { recursive: true, force: true });
rmSync(manifest, { force: true });
mkdirSync(path.join(root, "dist"));
copyFileSync(sdkWasm(), path.join(root, "dist", SDK.wasm));

await Promise.all([
  ...APART.map((name) => build({ ...common, entryPoints: [name], outfile: `dist/${name}.cjs` })),
  build({ ...common, entryPoints: [SDK.program], outfile: "dist/onepassword.cjs" }),
  build({ ...common, entryPoints: ["src/main.ts"], outfile: "dist/main.cjs", plugins: [programApart] }),
  build({
    ...common,
    stdin: { contents: programSource(), resolveDir: root, loader: "ts", sourcefile: "program.ts" },
    outfile: path.join("dist", PROGRAM),
    plugins: [evaluatedLater, librariesApart],
  }),
]);
// The file that oclif is told to find commands in.
writeFileSync(path.join(root, "dist/commands.cjs"), `module.exports = require("${PROGRAM}");\n`);

// Written after the bundle, from the bundle: what oclif then knows of a command is what will run.
const { Plugin: OclifPlugin } = await import("@oclif/core/config");
const plugin = new OclifPlugin({ root, type: "core", isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(manifest, `${JSON.stringify(plugin.manifest)}\n`);
