import { builtinModules } from "node:module";
import path from "node:path";
import type { Rule } from "eslint";

/** DESIGN: commands → cli → usecases → ports → core, adapters → ports. Each layer may import itself only where it says so. */
const LAYERS: Record<string, readonly string[]> = {
  main: ["commands", "cli", "core"],
  commands: ["cli", "usecases", "core"],
  cli: ["cli", "usecases", "core", "ports"],
  usecases: ["usecases", "ports", "core"],
  adapters: ["ports", "core"],
  ports: ["ports", "core"],
  core: ["core"],
};

/** The npm packages of a layer; a layer that is not named may take any. */
const PACKAGES: Record<string, readonly string[]> = {
  core: ["zod", "cron-parser"],
  ports: [],
  usecases: ["zod", "cron-parser"],
  commands: ["@oclif/core", "zod"],
};

/** Builtins that compute and touch nothing outside; layers that do no input or output get these alone. */
const PURE_BUILTINS = [
  "assert",
  "buffer",
  "crypto",
  "path",
  "path/posix",
  "querystring",
  "string_decoder",
  "url",
  "util",
];
const PURE_LAYERS = ["core", "ports", "usecases", "commands"];

/** What starts processes or opens sockets: in `src/adapters/<name>/run.ts` and nowhere else. */
const PROCESSES_AND_SOCKETS = [
  ...["child_process", "cluster", "worker_threads", "net", "tls", "http", "https", "http2", "dgram", "inspector"],
  ...["execa", "undici", "ws", "node-pty", "axios", "got", "node-fetch", "cross-spawn", "nano-spawn", "tinyexec", "zx"],
  "nodemailer",
];

interface Place {
  readonly layer: string;
  /** The folder below `adapters/`. */
  readonly adapter: string | undefined;
  /** The path below `src/`, with slashes. */
  readonly file: string;
}

/** Where a file of `src/` stands; undefined outside of it. Works on names alone, so the file need not exist. */
function placeOf(file: string, root: string): Place | undefined {
  const below = path.relative(path.join(root, "src"), file).split(path.sep);
  const [layer = "", adapter] = below;
  if (layer === ".." || layer === "") return undefined;
  return {
    layer: below.length === 1 ? layer.replace(/\.ts$/, "") : layer,
    adapter: layer === "adapters" && below.length > 2 ? adapter : undefined,
    file: below.join("/"),
  };
}

const isBuiltin = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name);

const isRunFile = (from: Place): boolean =>
  from.adapter !== undefined && from.file === `adapters/${from.adapter}/run.ts`;

/** The package of a specifier, without the path inside it: `@oclif/core/flags` → `@oclif/core`. */
function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The image manifest is data that the image builders read as well, so it lies with them; core alone reads it. */
const MANIFEST = "containers/box/image.json";

/** Where everything is put together. */
const COMPOSES = /^cli\/compose(\.ts$|\/)/;

function problemWithFile(from: Place, to: Place | undefined): string | undefined {
  if (to === undefined) return "src/ may not import from outside of src/.";
  if (to.layer === "adapters" && COMPOSES.test(from.file)) return undefined;
  if (to.layer === "adapters" && from.layer === "adapters") {
    if (to.adapter !== undefined && to.adapter === from.adapter) return undefined;
    return `The adapter ${from.adapter ?? "(none)"} may not import another adapter (${to.file}).`;
  }
  if (LAYERS[from.layer]?.includes(to.layer) === true) return undefined;
  if (to.layer === "adapters") return `Only src/cli/compose may import adapters, not ${from.file}.`;
  return `${from.layer} may not import ${to.layer} (${to.file}).`;
}

function problemWithBuiltin(from: Place, specifier: string, typeOnly: boolean): string | undefined {
  const name = specifier.replace(/^node:/, "");
  if (typeOnly) return undefined;
  if (PROCESSES_AND_SOCKETS.includes(name) && !isRunFile(from)) {
    return `Only src/adapters/<name>/run.ts may import ${specifier}.`;
  }
  if (PURE_LAYERS.includes(from.layer) && !PURE_BUILTINS.includes(name)) {
    return `${from.layer} does no input or output: it may not import ${specifier}.`;
  }
  return undefined;
}

function problemWithPackage(from: Place, specifier: string): string | undefined {
  const name = packageOf(specifier);
  if (PROCESSES_AND_SOCKETS.includes(name) && !isRunFile(from)) {
    return `Only src/adapters/<name>/run.ts may import ${name}.`;
  }
  if (from.layer === "adapters" && name.startsWith("@oclif/")) return `adapters know no command line: no ${name}.`;
  if (PACKAGES[from.layer]?.includes(name) === false) return `${from.layer} may not import the package ${name}.`;
  return undefined;
}

function problemWith(from: Place, root: string, specifier: string, typeOnly: boolean): string | undefined {
  if (specifier.startsWith(".") || path.isAbsolute(specifier)) {
    const file = path.resolve(root, "src", path.dirname(from.file), specifier);
    if (from.layer === "core" && file === path.join(root, MANIFEST)) return undefined;
    return problemWithFile(from, placeOf(file, root));
  }
  if (isBuiltin(specifier)) return problemWithBuiltin(from, specifier, typeOnly);
  return problemWithPackage(from, specifier);
}

interface Importing {
  readonly source?: { readonly type: string; readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
}

/** The rule: judges every import, export-from, import() and import type of a file below `src/`. */
export const importDirection: Rule.RuleModule = {
  meta: { type: "problem", schema: [], messages: { problem: "{{text}}" } },
  create(context) {
    const from = placeOf(context.filename, context.cwd);
    if (from === undefined) return {};
    const judge = (node: Rule.Node): void => {
      const { source, importKind, exportKind } = node as unknown as Importing;
      if (source === undefined || source === null) return;
      const text =
        typeof source.value === "string"
          ? problemWith(from, context.cwd, source.value, importKind === "type" || exportKind === "type")
          : "import() in src/ takes a literal, so that its direction can be judged.";
      if (text !== undefined) context.report({ node, messageId: "problem", data: { text } });
    };
    return {
      Program(node) {
        const known = from.layer in LAYERS && (from.layer !== "adapters" || from.adapter !== undefined);
        const text = `src/${from.file} belongs to no layer of DESIGN.`;
        if (!known) context.report({ node, messageId: "problem", data: { text } });
      },
      ImportDeclaration: judge,
      ExportNamedDeclaration: judge,
      ExportAllDeclaration: judge,
      ImportExpression: judge,
      TSImportType: judge,
    };
  },
};
