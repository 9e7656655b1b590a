import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ProgramFacts } from "../../core/host/facts.ts";
import { PLACES } from "../../core/host/places.ts";
import { statOf, syncDirectory } from "./files.ts";

/** What of the package is needed to run it. */
const PARTS = ["bin", "containers", "dist", "oclif.manifest.json", "package.json"];

/** Where the program looks for the Node that came with it. */
const NODE = "node_modules/node/bin/node";

const START = "bin/devbox-ctl";

/** A file of the program: where it lies now, and where below the program's directory it belongs. */
interface Part {
  readonly from: string;
  readonly to: string;
  readonly runs: boolean;
}

/**
 * Which program is to be behind sudo and sshd. One that a package manager put where only root can write stays there;
 * everything else (a checkout, an unpacked archive) is copied.
 * @param root directory of the package that runs now
 */
export function programFacts(root: string, node: string): ProgramFacts {
  const real = realpathSync(root);
  if (isInstalled(real, node)) return { path: join(root, START), version: undefined, unsafe: undefined };
  const unsafe = ["/usr/local/lib", "/usr/local/bin"].find((dir) => !isRootsAlone(dir));
  return { path: join(PLACES.program, START), version: versionOf(real, node), unsafe };
}

function isInstalled(root: string, node: string): boolean {
  if (!/^\/nix\/store\/|\/node_modules\/devbox-ctl$/.test(root)) return false;
  const usual = ["/usr/bin/node", "/usr/local/bin/node"].includes(node) || node.startsWith("/nix/store/");
  return usual && [root, join(root, START), join(root, "dist/main.cjs"), realpathSync(node)].every(isRootsAlone);
}

/** Whether nobody but root can change a file, nor any directory above it, and everybody can read it. */
function isRootsAlone(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  const safe = uid === 0 && (mode & 0o022) === 0 && (mode & 0o005) === 0o005;
  return (safe || path.startsWith("/nix/store/")) && (path === "/" || isRootsAlone(dirname(path)));
}

function partsOf(root: string, node: string): Part[] {
  const files = PARTS.flatMap((part) => filesIn(root, part));
  return [...files, { from: node, to: NODE, runs: true }];
}

function filesIn(root: string, path: string): Part[] {
  const from = join(root, path);
  const stats = lstatSync(from);
  if (stats.isDirectory()) {
    return readdirSync(from)
      .sort()
      .flatMap((name) => filesIn(root, join(path, name)));
  }
  return stats.isFile() ? [{ from, to: path, runs: (stats.mode & 0o100) !== 0 }] : [];
}

/** Version and a hash of all that is in it, so that another build of the same version is another one. */
function versionOf(root: string, node: string): string {
  const hash = createHash("sha256");
  for (const { from, to, runs } of partsOf(root, node)) {
    const content = createHash("sha256").update(readFileSync(from)).digest("hex");
    hash.update(`${content} ${runs ? "x" : "-"} ${to}\n`);
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
  return `${version}-${hash.digest("hex").slice(0, 12)}`;
}

/** The version behind the link, when it is whole; undefined for none, or for one that was changed. */
export function installedVersion(): string | undefined {
  try {
    const dir = join(dirname(PLACES.program), readlinkSync(PLACES.program));
    const version = versionOf(dir, join(dir, NODE));
    return dir === join(PLACES.versions, version) && isRootsAlone(dir) ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Puts a version in place whole; commands that run keep the one that they began with. */
export function installProgram(root: string, node: string, version: string): void {
  const target = join(PLACES.versions, version);
  const unfinished = join(PLACES.versions, ".new");
  mkdirSync(PLACES.versions, { recursive: true, mode: 0o755 });
  rmSync(unfinished, { recursive: true, force: true });
  makeDirectory(unfinished);
  for (const { from, to, runs } of partsOf(realpathSync(root), node)) {
    const place = join(unfinished, to);
    makeDirectory(dirname(place));
    copyFileSync(from, place);
    chownSync(place, 0, 0);
    chmodSync(place, runs ? 0o755 : 0o644);
    syncDirectory(dirname(place));
  }
  if (existsSync(target)) renameSync(target, join(PLACES.versions, `.old-${process.pid}`));
  renameSync(unfinished, target);
  syncDirectory(PLACES.versions);
  linkTo(PLACES.program, join("devbox-ctl.d", version));
}

/** A directory that everybody may look into, whatever this process's umask says. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

/** Sets a link in one step: there is always one. */
export function linkTo(path: string, target: string): void {
  const unfinished = `${path}.setup-new`;
  rmSync(unfinished, { force: true });
  symlinkSync(target, unfinished);
  renameSync(unfinished, path);
  syncDirectory(dirname(path));
}

/** Removes versions that are not in force and that no process runs. @param current undefined: none is in force */
export function removeVersions(current: string | undefined): void {
  const inUse = runningPrograms();
  if (statOf(PLACES.versions) === undefined) return;
  for (const name of readdirSync(PLACES.versions)) {
    const dir = join(PLACES.versions, name);
    if (name === current || inUse.some((program) => program.startsWith(`${dir}/`))) continue;
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What all processes but this one run; one that ended meanwhile is none. */
function runningPrograms(): string[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      return [readlinkSync(`/proc/${pid}/exe`)];
    } catch {
      return [];
    }
  });
}
