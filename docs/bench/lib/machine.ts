import { existsSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";
import { execa } from "execa";
import { podmanOk } from "../../../test/support/podman.ts";
import { markdownTable } from "./table.ts";

const GIB = 2 ** 30;

/** What a figure depends on, as a Markdown table. Take it before measuring: the load must be the machine's own. */
export async function machineTable(): Promise<string> {
  const rows = [
    ["date", new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC"],
    ["commit", await commit()],
    ["CPU", `${cpus()[0]?.model.trim() ?? "unknown"}, ${String(availableParallelism())} cores`],
    ["memory", `${(totalmem() / GIB).toFixed(0)} GiB`],
    ["kernel", release()],
    ["cgroup", existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1"],
    [
      "Podman",
      await podmanOk([
        "info",
        "--format",
        "{{.Version.Version}}, {{.Host.OCIRuntime.Name}}, {{.Store.GraphDriverName}}",
      ]),
    ],
    ["Podman runs as", process.getuid?.() === 0 ? "root" : "an ordinary user (rootless)"],
    ["Node", process.version],
    [
      "load before",
      loadavg()
        .map((load) => load.toFixed(2))
        .join(" "),
    ],
  ];
  return markdownTable(["machine", ""], rows);
}

/** The commit of the checkout, with a mark when what is measured differs from it. */
async function commit(): Promise<string> {
  const options = { cwd: import.meta.dirname, reject: false } as const;
  const [head, changed] = await Promise.all([
    execa("git", ["rev-parse", "--short", "HEAD"], options),
    execa(
      "git",
      ["status", "--porcelain", "--", ":/src", ":/scripts", ":/bin", ":/containers", ":/package.json"],
      options,
    ),
  ]);
  if (head.exitCode !== 0) return "unknown";
  return `${head.stdout}${changed.stdout === "" ? "" : ", with uncommitted changes"}`;
}
