import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { runPrefix } from "./ids.ts";
import { podman, podmanOk } from "./podman.ts";
import { runClean, type Ran } from "./rootless.ts";

/** What must not be found: a secret in all forms in which it may be hidden, and in parts. */
export interface Needles {
  readonly name: string;
  readonly forms: readonly string[];
}

/** Length of the parts of a secret that are looked for, in characters. */
const PART = 20;

/** @param secret of which the last 64 characters are looked for in parts: headscale shows what comes before them */
export function needlesFor(name: string, secret: string): Needles {
  const core = secret.slice(-64);
  const parts = Array.from({ length: core.length - PART + 1 }, (_, start) => core.slice(start, start + PART));
  // In base64, three letters in a row may begin at the first, second or third; what depends on neighbours is left out.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), Buffer.from(core)])
      .toString("base64")
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return { name, forms: [...parts, ...base64, Buffer.from(core).toString("hex")] };
}

/** Looks at all processes until told to end; see the fixture. */
export interface Watch {
  /** How often it looked, and what it saw: `NAME cmdline|environ|op COMMAND`. */
  end(): Promise<{ readonly rounds: number; readonly seen: readonly string[] }>;
}

/** @param as words before a command that run it as somebody else */
export async function watch(needles: readonly Needles[], as: readonly string[] = []): Promise<Watch> {
  // Not by its path, which others may not be able to read.
  const program = await readFile(path.join(import.meta.dirname, "../fixtures/leaks/watch"), "utf8");
  const [command, ...args] = [...as, "perl", "-e", program] as unknown as [string, ...string[]];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env.PATH } });
  const lines = needles.flatMap(({ name, forms }) =>
    forms.map((form) => `${name} ${Buffer.from(form).toString("hex")}`),
  );
  child.stdin.write(`${lines.join("\n")}\n\n`);
  await once(child.stdout, "readable");
  return {
    async end() {
      child.stdin.end();
      const [, rounds = "", ...seen] = (await text(child.stdout)).trim().split("\n");
      return { rounds: Number(rounds.replace("rounds ", "")), seen };
    },
  };
}

/** Where a secret could be left. */
export interface Grounds {
  /** Directories that are looked through whole. */
  readonly dirs: readonly string[];
  /** Directories of everybody's, of which only what is newer than a file is looked through. */
  readonly shared: readonly string[];
  readonly stamp: string;
  /** Where secrets have to be: never looked at. */
  readonly except: readonly string[];
  /** What commands said, and other texts. */
  readonly texts: Readonly<Record<string, string>>;
}

/** All places with one of the secrets: `NAME in PLACE`. */
export async function hunt(needles: readonly Needles[], grounds: Grounds): Promise<string[]> {
  const engine = await engineGrounds();
  const texts = Object.entries({ ...grounds.texts, ...engine.texts });
  const found: string[] = [];
  for (const { name, forms } of needles) {
    const say = (place: string): number => found.push(`${name} in ${place}`);
    for (const [place, said] of texts) if (forms.some((form) => said.includes(form))) say(place);
    const input = forms.join("\n");
    const grep = ["grep", "-rlaF", "--devices=skip", "-f", "-"];
    // Its own list of words is nowhere but in its memory.
    const here = await shell([...grep, "--", ...grounds.dirs, ...engine.dirs], input);
    const not = grounds.except.flatMap((dir) => ["-path", dir, "-prune", "-o"]);
    const find = ["find", ...grounds.shared, "-xdev", ...not, "-type", "f", "-newer", grounds.stamp, "-print0"];
    const files = (await shell(find)).split("\0").filter((file) => file !== "");
    const there = files.length === 0 ? "" : await shell([...grep, "-s", "--", ...files], input);
    for (const file of `${here}\n${there}`.split("\n").filter((line) => line !== "")) say(file);
    for (const box of engine.running) {
      const inside = await podman(
        ["exec", "-i", box, ...grep, "-s", "/run", "/tmp", "/var", "/home", "/root", "/etc"],
        {
          input,
        },
      );
      for (const file of inside.stdout.split("\n").filter((line) => line !== "")) say(`${box}:${file}`);
    }
  }
  return [...new Set(found)];
}

const shell = async (argv: readonly string[], input?: string): Promise<string> =>
  (await runClean(argv, { PATH: process.env.PATH ?? "", LC_ALL: "C" }, { input })).stdout;

/** What Podman knows and keeps of this run's objects. */
async function engineGrounds() {
  const lines = async (...args: string[]) => (await podmanOk(args)).split("\n").filter((line) => line !== "");
  const ours = async (...args: string[]) => (await lines(...args)).filter((line) => line.includes(runPrefix()));
  const first = (line: string): string => line.split(" ")[0] ?? "";
  const listed = await ours("ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Labels}}");
  const containers = listed.map(first);
  const volumes = (await ours("volume", "ls", "--format", "{{.Name}} {{.Labels}}")).map(first);
  const running = (await lines("ps", "--no-trunc", "--format", "{{.ID}}")).filter((id) => containers.includes(id));
  const inspected = containers.length === 0 ? "[]" : await podmanOk(["inspect", ...containers]);
  const layers = (JSON.parse(inspected) as { GraphDriver: { Data: Record<string, string> }; Image: string }[]).flatMap(
    ({ GraphDriver: { Data } }) => [Data.UpperDir ?? "", ...(Data.LowerDir ?? "").split(":")],
  );
  const mounts =
    volumes.length === 0 ? [] : await lines("volume", "inspect", "--format", "{{.Mountpoint}}", ...volumes);
  const said = async (run: Promise<Ran>): Promise<string> => (({ stdout, stderr }) => stdout + stderr)(await run);
  const [graph = "", runRoot = ""] = await lines("info", "--format", "{{.Store.GraphRoot}}\n{{.Store.RunRoot}}");
  return {
    running,
    dirs: [
      ...new Set([...layers, ...mounts]),
      ...[`${graph}/libpod`, `${graph}/overlay-containers`, `${graph}/overlay-images`, runRoot],
    ].filter((dir) => dir !== ""),
    texts: {
      "podman inspect": inspected,
      "podman volume inspect": volumes.length === 0 ? "" : await podmanOk(["volume", "inspect", ...volumes]),
      "podman image inspect": await podmanOk(["image", "inspect", ...(await lines("images", "--quiet"))]),
      "podman logs": (await Promise.all(containers.map((id) => said(podman(["logs", id]))))).join("\n"),
      "podman events": await said(podman(["events", "--stream=false", "--since", "1h"])),
    },
  };
}

/** Marks the time from which on {@link Grounds.shared} is looked at. */
export const stampAt = (file: string): Promise<void> => writeFile(file, "");
