import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLI_TOOLS_FILE, readCliTools } from "../../scripts/lib/docs/cli-tools.ts";
import { readNixData } from "../../scripts/lib/docs/nix-data.ts";
import { IMAGE as manifest } from "../../src/core/image-contract.ts";
import { evaluateNix, nixInstantiate, nixLinter, runNix, type Part } from "../support/nix.ts";

const root = path.resolve(import.meta.dirname, "../..");
const files = globSync("nix/**/*.nix", { cwd: root }).sort();

/** What nix/checks/box-image.nix gives: the definition's own words. */
interface Definition {
  readonly name: string;
  readonly tag: null;
  readonly created: string;
  readonly maxLayers: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly fakeRootCommands: string;
  readonly extraPrefix: string;
  readonly pathsToLink: readonly string[];
  readonly accounts: readonly { readonly path: string; readonly text: string }[];
  readonly packages: readonly string[];
}

describe("with a real Nix", () => {
  let nix: Part = { missing: "not looked for" };
  beforeAll(async () => void (nix = await nixInstantiate()));
  beforeEach((ctx) => ctx.skip("missing" in nix, "missing" in nix ? nix.missing : ""));

  const argv = (): readonly string[] => ("argv" in nix ? nix.argv : []);
  const evaluate = (expression: string): Promise<unknown> => evaluateNix(argv(), expression);
  const definition = async (withZed: boolean): Promise<Definition> => {
    const check = path.join(root, "nix/checks/box-image.nix");
    return (await evaluate(`import ${check} { withZed = ${withZed}; }`)) as Definition;
  };

  it.each(files)("parses %s", async (file) => {
    const { exitCode, stdout, stderr } = await runNix(argv(), ["--parse", path.join(root, file)]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(stdout).not.toBe("");
  });

  it("evaluates the list of tools to what the reader reads [FR-007, SC-008]", async () => {
    const file = path.join(root, CLI_TOOLS_FILE);
    expect(readNixData(readFileSync(file, "utf8"), file)).toEqual(await evaluate(`import ${file}`));
  });

  it("defines an image with the configuration of image.json [FR-006]", async () => {
    const { config, name, tag, created } = await definition(true);
    const env = Object.entries(manifest.env).map(([key, value]) => `${key}=${value}`);
    expect(config).toEqual({
      Entrypoint: manifest.entrypoint,
      StopSignal: manifest.stopSignal,
      WorkingDir: manifest.workingDir,
      Env: [...env, "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
      Labels: {
        ...manifest.labels,
        "devbox-ctl.image.parts": "base,tools,runtimes,syncthing,node,tailscale,code-server,zed",
      },
    });
    expect([name, tag, created]).toEqual(["localhost/devbox", null, "2025-01-01T00:00:00Z"]);
  });

  it("puts every tool of the list, and the services, into the image [FR-007, SC-008]", async () => {
    const { packages, extraPrefix, pathsToLink } = await definition(true);
    expect(packages).toEqual(expect.arrayContaining(readCliTools(root).map((tool) => tool.package)));
    const needed = [
      "s6",
      "execline",
      "tailscale",
      "code-server",
      "syncthing",
      "util-linux",
      "iproute2",
      "procps",
      "perl",
    ];
    expect(packages).toEqual(expect.arrayContaining(needed));
    expect(packages.length).toBe(new Set(packages).size);
    expect(pathsToLink.map((each) => extraPrefix + each)).toEqual(["/usr/bin", "/usr/share"]);
  });

  it("lays out the root with the user and volumes of image.json, and Zed's server only when wanted", async () => {
    const [layout, without] = (await Promise.all([definition(true), definition(false)])).map(
      (each) => each.fakeRootCommands,
    );
    const { user, volumes } = manifest;
    expect(layout).toMatch(/^sh \/nix\/store\/\w+-root\.sh /);
    expect(layout).toContain(`root.sh ${user.uid}:${user.gid} ${volumes.home} ${volumes.private} /nix/store/`);
    expect(layout).toMatch(/ \/nix\/store\/\w+-devbox-overlay /);
    expect(layout).toContain(" /usr/lib/code-server/bin=/nix/store/stub-code-server/bin");
    expect(layout).toContain(" /usr/lib/devbox/zed=/nix/store/stub-zed-editor-remote-server/bin");
    expect(without).not.toContain("zed");
  });

  it("knows the user of image.json by name", async () => {
    const { accounts } = await definition(true);
    const { name, uid, gid, home, shell } = manifest.user;
    const text = (file: string) => accounts.find((each) => each.path === file)?.text;
    expect(text("etc/passwd")).toMatch(/^root:x:0:0:/);
    expect(text("etc/passwd")).toMatch(new RegExp(`^${name}:x:${uid}:${gid}:[^:]*:${home}:${shell}$`, "m"));
    expect(text("etc/group")).toMatch(new RegExp(`^${name}:x:${gid}:$`, "m"));
  });

  it("evaluates to a derivation with the nixpkgs that NIXPKGS names", async (ctx) => {
    const { NIXPKGS: nixpkgs } = process.env;
    ctx.skip(nixpkgs === undefined, "NIXPKGS names no checkout of nixpkgs");
    const image = path.join(root, "nix/packages/box-image.nix");
    const expression = `((import ${path.resolve(nixpkgs ?? "")} { config = { }; overlays = [ ]; }).callPackage ${image} { }).drvPath`;
    expect(await evaluate(expression)).toMatch(/^\/nix\/store\/\w+-.*\.drv$/);
  });
});

describe("the linters of Nix", () => {
  const linters = [
    ["nixfmt", ["--check", ...files]],
    ["deadnix", ["--fail", "nix"]],
    ["statix", ["check", "nix"]],
  ] as const;

  // A linter may have to be built first.
  it.for(linters)("%s finds nothing", { timeout: 300_000 }, async ([name, args], ctx) => {
    const linter = await nixLinter(name);
    ctx.skip("missing" in linter, "missing" in linter ? linter.missing : "");
    const [file = "", ...own] = "argv" in linter ? linter.argv : [];
    const { exitCode, all } = await execa(file, [...own, ...args], { cwd: root, reject: false, all: true });
    expect(all).toBe("");
    expect(exitCode).toBe(0);
  });
});
