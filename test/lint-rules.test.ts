import path from "node:path";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

// The project's own configuration, less the rules that need types: the files below exist in no program.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    { ...tseslint.configs.disableTypeChecked, files: ["**/*.ts"] },
    { files: ["**/*.ts"], languageOptions: { parserOptions: { projectService: false } } },
  ],
});

async function rulesBroken(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) });
  const fatal = result?.messages.find((message) => message.fatal);
  if (fatal !== undefined) throw new Error(fatal.message);
  return (result?.messages ?? []).filter(({ severity }) => severity === 2).map(({ ruleId }) => ruleId ?? "");
}

const bites = (rule: string, cases: readonly (readonly [string, string])[]): void => {
  it.each(cases)("%s: %s", async (file, code) => {
    expect(await rulesBroken(file, code)).toContain(rule);
  });
};

const allows = (rule: string, cases: readonly (readonly [string, string])[]): void => {
  it.each(cases)("%s: %s", async (file, code) => {
    expect(await rulesBroken(file, code)).not.toContain(rule);
  });
};

const DIRECTION = "devbox/import-direction";

describe("imports against the direction of the layers are errors", () => {
  bites(DIRECTION, [
    ["src/commands/list.ts", 'import "../ports/engine.ts";'],
    ["src/commands/list.ts", 'import "../adapters/podman/engine.ts";'],
    ["src/commands/list.ts", 'import "./status.ts";'],
    ["src/commands/image/build.ts", 'import "../../adapters/podman/engine.ts";'],
    ["src/commands/list.ts", 'import "execa";'],
    ["src/commands/list.ts", 'import { readFileSync } from "node:fs";'],
    ["src/cli/base.ts", 'import "../adapters/podman/engine.ts";'],
    ["src/cli/base.ts", 'import "../commands/list.ts";'],
    ["src/cli/composer.ts", 'import "../adapters/podman/engine.ts";'],
    ["src/cli/deeper/compose.ts", 'import "../../adapters/podman/engine.ts";'],
    ["src/usecases/create.ts", 'import "../cli/base.ts";'],
    ["src/usecases/create.ts", 'import "../commands/create.ts";'],
    ["src/usecases/create.ts", 'import "../adapters/podman/engine.ts";'],
    ["src/usecases/create.ts", 'import { readFile } from "node:fs/promises";'],
    ["src/usecases/create.ts", 'import { ux } from "@oclif/core";'],
    ["src/adapters/podman/engine.ts", 'import "../../usecases/create.ts";'],
    ["src/adapters/podman/engine.ts", 'import "../../cli/base.ts";'],
    ["src/adapters/podman/engine.ts", 'import "../sqlite/ledger.ts";'],
    ["src/adapters/podman/engine.ts", 'import { ux } from "@oclif/core";'],
    ["src/ports/engine.ts", 'import "../usecases/create.ts";'],
    ["src/ports/engine.ts", 'import "../adapters/podman/engine.ts";'],
    ["src/ports/engine.ts", 'import { z } from "zod";'],
    ["src/core/box.ts", 'import "../ports/clock.ts";'],
    ["src/core/box.ts", 'import "../usecases/create.ts";'],
    ["src/core/box.ts", 'import "yaml";'],
    ["src/core/box.ts", 'import "zod-to-json-schema";'],
    ["src/core/box.ts", 'import { readFileSync } from "node:fs";'],
    ["src/core/box.ts", 'import { readFileSync } from "fs";'],
    ["src/core/box.ts", 'import { hostname } from "node:os";'],
    ["src/main.ts", 'import "./adapters/podman/engine.ts";'],
    ["src/core/box.ts", 'import "../../test/fakes/clock.ts";'],
  ]);
});

describe("no way of importing gets around the direction", () => {
  bites(DIRECTION, [
    ["src/core/box.ts", 'import type { Engine } from "../ports/engine.ts";'],
    ["src/core/box.ts", 'export { create } from "../usecases/create.ts";'],
    ["src/core/box.ts", 'export * from "../usecases/create.ts";'],
    ["src/core/box.ts", 'export const late = () => import("../usecases/create.ts");'],
    ["src/core/box.ts", 'export type Engine = import("../ports/engine.ts").Engine;'],
    ["src/core/box.ts", "export const any = (name: string) => import(name);"],
    ["src/core/box.ts", 'import "../core/../usecases/create.ts";'],
    ["src/helpers/x.ts", "export const x = 1;"],
    ["src/x.ts", "export const x = 1;"],
    ["src/adapters/x.ts", "export const x = 1;"],
  ]);
});

describe("imports along the direction are fine", () => {
  allows(DIRECTION, [
    ["src/main.ts", 'import "./cli/base.ts";'],
    [
      "src/commands/image/build.ts",
      'import "../../usecases/build.ts"; import "../../core/box.ts"; import "@oclif/core";',
    ],
    ["src/cli/compose.ts", 'import "../adapters/podman/engine.ts"; import "../ports/engine.ts"; import "./flags.ts";'],
    ["src/cli/compose/engine.ts", 'import "../../adapters/podman/engine.ts"; import "./config.ts";'],
    ["src/cli/compose.ts", 'export const late = () => import("../adapters/podman/engine.ts");'],
    ["src/usecases/create/index.ts", 'import "../../ports/engine.ts"; import "./steps.ts"; import "zod";'],
    ["src/adapters/podman/engine.ts", 'import "../../ports/engine.ts"; import "./run.ts"; import "node:fs";'],
    [
      "src/adapters/podman/run.ts",
      'import "execa"; import "node:child_process"; import "node:net"; import "node:http";',
    ],
    ["src/adapters/podman/engine.ts", 'import type { Socket } from "node:net";'],
    ["src/ports/engine.ts", 'import "../core/box.ts"; import type { Readable } from "node:stream";'],
    [
      "src/core/box.ts",
      'import "./name.ts"; import "zod"; import "cron-parser"; import "node:path"; import "node:crypto";',
    ],
    ["test/core/box.test.ts", 'import "../../src/adapters/podman/engine.ts"; import "execa";'],
  ]);
});

describe("processes and sockets start in an adapter's run.ts alone", () => {
  bites(DIRECTION, [
    ["src/adapters/podman/engine.ts", 'import { execa } from "execa";'],
    ["src/adapters/notify/email.ts", 'import("nodemailer");'],
    ["src/adapters/podman/engine.ts", 'import { spawn } from "node:child_process";'],
    ["src/adapters/podman/engine.ts", 'import { spawn } from "child_process";'],
    ["src/adapters/podman/engine.ts", 'import { connect } from "node:net";'],
    ["src/adapters/podman/engine.ts", 'import { request } from "node:http";'],
    ["src/adapters/podman/engine.ts", 'import { request } from "node:https";'],
    ["src/adapters/podman/engine.ts", 'import { Worker } from "node:worker_threads";'],
    ["src/adapters/podman/http/run.ts", 'import { request } from "node:http";'],
    ["src/cli/run.ts", 'import { execa } from "execa";'],
    ["src/usecases/run.ts", 'import { execa } from "execa";'],
  ]);
  describe("globals", () => {
    bites("no-restricted-globals", [
      ["src/adapters/notify/webhook.ts", 'export const get = () => fetch("x");'],
      ["src/usecases/create.ts", 'export const open = () => new WebSocket("x");'],
    ]);
    allows("no-restricted-globals", [["src/adapters/notify/run.ts", 'export const get = () => fetch("x");']]);
  });
});

const SYNTAX = "no-restricted-syntax";

describe("the clock is read in the system clock alone", () => {
  const reads = [
    "export const now = Date.now();",
    "export const now = globalThis.Date.now();",
    'export const now = Date["now"]();',
    "export const now = new Date();",
    "export const now = Date();",
    "export const now = performance.now();",
    "export const now = globalThis.performance.now();",
    "export const now = process.hrtime.bigint();",
    'import { performance as p } from "node:perf_hooks"; export const now = p.now();',
  ];
  bites(
    SYNTAX,
    ["src/core/time.ts", "src/usecases/reap/reap.ts", "src/cli/progress.ts", "src/adapters/sqlite/ledger.ts"].flatMap(
      (file) => reads.map((code) => [file, code] as const),
    ),
  );
  allows(SYNTAX, [
    ...reads.map((code) => ["src/adapters/system/clock.ts", code] as const),
    ["src/core/time.ts", "export const at = (ms: number) => new Date(ms).toISOString();"],
    ["test/core/time.test.ts", "export const now = Date.now();"],
  ]);
});

describe("only the framework ends the process, and nothing writes past the presenters", () => {
  bites(SYNTAX, [
    ["src/cli/base.ts", "export const end = () => process.exit(1);"],
    ["src/adapters/system/clock.ts", "export const end = () => process.exit(1);"],
    ["src/cli/base.ts", "export const end = () => process.abort();"],
    ["src/cli/base.ts", 'import { exit } from "node:process"; exit(1);'],
    ["src/adapters/podman/engine.ts", 'export const cp: unknown = process.getBuiltinModule("child_process");'],
  ]);
  bites("no-console", [["src/usecases/create.ts", 'console.log("x");']]);
});

describe("long files are errors", () => {
  const long = "export const x = [\n" + "  1,\n".repeat(260) + "];\n";
  it("250 lines of code in src, 400 in tests", async () => {
    expect(await rulesBroken("src/core/box.ts", long)).toContain("max-lines");
    expect(await rulesBroken("test/core/box.test.ts", long)).not.toContain("max-lines");
    expect(await rulesBroken("test/core/box.test.ts", long + long.replace("const x", "const y"))).toContain(
      "max-lines",
    );
  });
});
