import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { benchEnv } from "./podman.ts";
import { runClean, type Ran } from "./rootless.ts";

/** A part that a test needs, or one line on why this machine cannot have it. */
export type Part = { readonly argv: readonly string[] } | { readonly missing: string };

/** Debian 12's Nix is too old for today's nixpkgs; Debian 13's is 2.26. */
const SUITE = "trixie";
const OLDEST = [2, 18] as const;
/** The names and versions of linters in cargo's registry. statix is not among them: there its name is another program's. */
const CRATES = { nixfmt: ["nixfmt_rs", "0.5.3"], deadnix: ["deadnix", "1.3.1"] } as const;

const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "devbox-ctl/nix");

/** For what is fetched and built, in milliseconds; a busy machine takes several times what is said below. */
const PATIENCE = 240_000;

const run = (file: string, args: readonly string[]) =>
  execa(file, args, { reject: false, stdin: "ignore", timeout: PATIENCE });

function lastLine({ stderr, shortMessage }: { stderr: string; shortMessage?: string | undefined }): string {
  const [line = "it failed"] = [...stderr.split("\n"), shortMessage ?? ""]
    .filter((each) => each.trim() !== "")
    .slice(-1);
  return line.slice(0, 200);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Makes DIR once, whoever asks at the same time: filled beside it and renamed when whole. */
async function once(dir: string, fill: (partial: string) => Promise<string | undefined>): Promise<string | undefined> {
  if (await exists(dir)) return undefined;
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(path.join(cache, "partial-"));
  try {
    const problem = await fill(partial);
    if (problem !== undefined) return problem;
    await rename(partial, dir).catch(async (error: unknown) => {
      if (!(await exists(dir))) throw error;
    });
    return undefined;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function isNewEnough(argv: readonly string[]): Promise<boolean> {
  const [file = "", ...args] = argv;
  const { stdout } = await run(file, [...args, "--version"]);
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/**
 * nix-instantiate: the machine's own when it is new enough, otherwise Debian 13's. Of the latter only the files are
 * taken, without installing: with its own loader and libraries it evaluates on any host and needs no root. 10 s and
 * 70 MB once, afterwards from the cache.
 */
export async function nixInstantiate(): Promise<Part> {
  if (await isNewEnough(["nix-instantiate"])) return { argv: ["nix-instantiate"] };
  const dir = path.join(cache, `${SUITE}-${process.arch}`);
  const problem = await once(dir, async (partial) => {
    const tar = path.join(partial, "root.tar");
    const made = await run("mmdebstrap", [
      "--quiet",
      "--variant=extract",
      "--include=nix-bin",
      "--format=tar",
      SUITE,
      tar,
    ]);
    if (made.failed) return `no Nix of ${OLDEST.join(".")} or newer, and mmdebstrap cannot get one: ${lastLine(made)}`;
    const left = ["./dev", "./var", "./usr/share", "./usr/lib/*/perl*", "./usr/lib/*/gconv"];
    const excludes = left.map((each) => `--exclude=${each}`);
    const unpacked = await run("tar", ["-x", "-f", tar, "-C", partial, "--no-same-owner", "--wildcards", ...excludes]);
    await rm(tar);
    return unpacked.failed ? `cannot unpack Nix: ${lastLine(unpacked)}` : undefined;
  });
  if (problem !== undefined) return { missing: problem };
  const libraries = path.join(dir, "usr/lib");
  const arch = (await readdir(libraries)).find((name) => name.endsWith("-linux-gnu")) ?? "";
  const loader = (await readdir(path.join(libraries, arch))).find((name) => name.startsWith("ld-linux")) ?? "";
  const own = path.join(libraries, arch);
  return {
    argv: [path.join(own, loader), "--library-path", own, path.join(dir, "usr/bin/nix-instantiate")],
  };
}

/** A linter of Nix: the machine's own, otherwise built with cargo where there is one (20 s each, once). */
export async function nixLinter(name: "nixfmt" | "deadnix" | "statix"): Promise<Part> {
  const own = await run(name, ["--version"]);
  if (!own.failed) return { argv: [name] };
  if (name === "statix") return { missing: "statix is not on the PATH, and in none of the registries" };
  const [crate, version] = CRATES[name];
  const dir = path.join(cache, `${crate}-${version}-${process.arch}`);
  const problem = await once(dir, async (partial) => {
    const build = path.join(partial, "build");
    // Unoptimized: the files are few, and it builds in a third of the time.
    const options = ["install", "--quiet", "--debug", "--locked", "--root", build, `${crate}@${version}`];
    const built = await run("cargo", options);
    if (built.failed) return `${name} is not on the PATH, and cargo cannot build it: ${lastLine(built)}`;
    await cp(path.join(build, "bin", name), path.join(partial, name));
    await rm(build, { recursive: true });
    return undefined;
  });
  return problem === undefined ? { argv: [path.join(dir, name)] } : { missing: problem };
}

/** Runs Nix with no settings, search path or store of the machine's. */
export function runNix(argv: readonly string[], args: readonly string[]): Promise<Ran> {
  const own = { NIX_CONF_DIR: cache, NIX_USER_CONF_FILES: "", NIX_PATH: "", NIX_REMOTE: "dummy://" };
  return runClean([...argv, "--readonly-mode", ...args], { ...benchEnv(), ...own });
}

/**
 * The value of an expression, as JSON can say it.
 * @throws {Error} with Nix's own words
 */
export async function evaluateNix(argv: readonly string[], expression: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runNix(argv, ["--eval", "--strict", "--json", "--expr", expression]);
  if (exitCode !== 0 || stderr !== "") throw new Error(`nix-instantiate: exit ${String(exitCode)}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}
