/**
 * What a range of ids for each owner costs rootless: native overlay copies the image for each range, fuse-overlayfs copies
 * nothing and serves every access by a process.
 * Usage: node docs/bench/id-mapping.ts [--runs N] [--out FILE]
 * Needs root, for a throw-away user; imports the minimal image into two stores of theirs.
 */
import { chmod, cp, rm, stat } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { mappingAt, mappingText } from "../../src/core/id-mapping.ts";
import { testImage } from "../../test/support/image.ts";
import { podmanOk } from "../../test/support/podman.ts";
import { rootlessUser, type RootlessUser } from "../../test/support/rootless.ts";
import { onBench, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { medianOf } from "./lib/measure.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "5" }, out: { type: "string" } } });

const FUSE = "/usr/bin/fuse-overlayfs";

interface Figures {
  readonly first: number[];
  readonly again: number[];
  readonly read: number[];
  /** Bytes that each further range takes in the store. */
  copied: number;
}

/** Podman on a store of its own. */
class Store {
  readonly user: RootlessUser;
  readonly dir: string;
  readonly options: readonly string[];
  constructor(user: RootlessUser, name: string, native: boolean) {
    this.user = user;
    this.dir = path.join(user.home, `store-${name}`);
    const places = ["--root", path.join(this.dir, "root"), "--runroot", path.join(this.dir, "run")];
    const driver = ["--storage-driver", "overlay"];
    this.options = [...places, ...driver, ...(native ? [] : ["--storage-opt", `overlay.mount_program=${FUSE}`])];
  }

  async podman(...args: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.user.run(["podman", ...this.options, ...args], {
      timeout: 600_000,
    });
    if (exitCode !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Bytes on disk, by the user that the store belongs to. */
  async size(): Promise<number> {
    return Number((await this.podman("unshare", "du", "--summarize", "--block-size=1", this.dir)).split("\t")[0]);
  }
}

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1000;
}

const READ = "tar -C /usr -cf - . | cat >/dev/null";

async function measure(store: Store, image: string): Promise<Figures> {
  const figures: Figures = { first: [], again: [], read: [], copied: 0 };
  const before = await store.size();
  for (let slot = 0; slot < Number(values.runs); slot++) {
    say(`${path.basename(store.dir)}: range ${String(slot + 1)} of ${values.runs}`);
    const ids = `0:${mappingText(mappingAt(slot, true))}`;
    const run = [
      "run",
      "--detach",
      "--network=none",
      `--uidmap=${ids}`,
      `--gidmap=${ids}`,
      "--entrypoint=sleep",
      image,
      "600",
    ];
    let id = "";
    figures.first.push(await seconds(async () => (id = await store.podman(...run))));
    await store.podman("rm", "--force", "--time", "0", id);
    figures.again.push(await seconds(async () => (id = await store.podman(...run))));
    await store.podman("exec", id, "sh", "-c", READ);
    figures.read.push(await seconds(() => store.podman("exec", id, "sh", "-c", READ)));
    await store.podman("rm", "--force", "--time", "0", id);
  }
  figures.copied = ((await store.size()) - before) / Number(values.runs);
  return figures;
}

await onBench(async () => {
  const image = await testImage();
  const user = await rootlessUser();
  const archive = path.join(user.home, "image.tar");
  await podmanOk(["save", "--quiet", "--output", "/tmp/dbxtest-id-mapping.tar", image], { timeout: 600_000 });
  await cp("/tmp/dbxtest-id-mapping.tar", archive);
  await rm("/tmp/dbxtest-id-mapping.tar");
  await execa("chown", [user.name, archive]);
  // As udev sets it wherever udev runs.
  const { mode } = await stat("/dev/fuse");
  await chmod("/dev/fuse", 0o666);
  const results = new Map<string, Figures>();
  for (const [name, native] of [
    ["native overlay", true],
    ["fuse-overlayfs", false],
  ] as const) {
    const store = new Store(user, native ? "native" : "fuse", native);
    await store.podman("load", "--quiet", "--input", archive);
    results.set(name, await measure(store, image));
  }
  await chmod("/dev/fuse", mode & 0o777);
  const s = (times: readonly number[]): string => `${medianOf(times).toFixed(2)} s`;
  const rows = [...results].map(([name, { first, again, read, copied }]) => [
    ...[name, s(first), s(again), s(read), `${(copied / 1e6).toFixed(0)} MB`],
  ]);
  const heading = ["storage", "first box of a range", "next box", "reading /usr", "disk for each range"];
  const notes = `Rootless, the minimal image; medians of ${values.runs} ranges of ids. Reading is \`tar\` of /usr, cached, by a command in the box.`;
  const title = ["# Ranges of ids", "Made by `node docs/bench/id-mapping.ts`; do not edit."];
  const page = [...title, await machineTable(), markdownTable(heading, rows), notes].join("\n\n");
  await publish(`${page}\n`, "id-mapping", values.out);
});
