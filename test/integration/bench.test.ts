import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testName } from "../support/ids.ts";
import { benchEnv, podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import { runClean } from "../support/rootless.ts";
import { openTerminal } from "../support/tmux.ts";

// The bench itself: what every other integration test leans on.

let rootfs: string;

beforeAll(async () => {
  rootfs = await mkdtemp(path.join(tmpdir(), "dbxtest-rootfs-"));
  const made = await runClean(
    [
      "sh",
      "-c",
      'cp /usr/libexec/podman/catatonit "$0/init" && mkdir "$0/proc" "$0/dev" "$0/sys" "$0/etc" "$0/run"',
      rootfs,
    ],
    benchEnv(),
  );
  expect(made).toMatchObject({ exitCode: 0 });
});

afterAll(() => rm(rootfs, { recursive: true, force: true }));

it("runs containers and limits them for real", async () => {
  const name = testName();
  await podmanOk(["create", "--name", name, "--memory", "64m", "--rootfs", rootfs, "/init", "-P"]);
  expect(await podmanOk(["inspect", "--format", "{{.HostConfig.Memory}}", name])).toBe(String(64 * 2 ** 20));
  await podmanOk(["start", name]);
  expect(await podmanOk(["inspect", "--format", "{{.State.Status}}", name])).toBe("running");
});

it("removes everything a run made and nothing else", async () => {
  const prefix = "dbxtest-zzzzzz-";
  const other = testName("volume");
  await podmanOk(["create", "--name", `${prefix}named`, "--rootfs", rootfs, "/init"]);
  await podmanOk(["create", "--name", "labelled-only", "--label", `x.box=${prefix}b`, "--rootfs", rootfs, "/init"]);
  await podmanOk(["volume", "create", `${prefix}volume`]);
  await podmanOk(["volume", "create", other]);
  expect(await removeTestObjects(prefix)).toHaveLength(3);
  expect(await podman(["container", "exists", "labelled-only"])).toMatchObject({ exitCode: 1 });
  expect(await podman(["volume", "exists", other])).toMatchObject({ exitCode: 0 });
});

it("gives commands a real terminal: keys, size, Ctrl-C and exit code", async () => {
  const script =
    'stty size; trap "stty size" WINCH; read line; echo "read: $line"; trap "exit 42" INT; while :; do sleep 0.1; done';
  await using terminal = await openTerminal(["sh", "-c", script], { env: benchEnv(), cols: 90, rows: 20 });
  await terminal.waitFor("20 90");
  await terminal.type("héllo; $HOME");
  await terminal.press("Enter");
  await terminal.waitFor("read: héllo; $HOME");
  await terminal.resize(70, 15);
  await terminal.waitFor("15 70");
  await terminal.press("C-c");
  expect(await terminal.exitCode()).toBe(42);
});
