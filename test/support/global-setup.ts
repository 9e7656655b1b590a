import { spawnSync } from "node:child_process";
import process from "node:process";
import { PREFIX } from "./ids.ts";
import { removeLeftovers, removeTestObjects } from "./podman.ts";
import { removeLeftoverUsers, removeRootlessUser } from "./rootless.ts";

/** Before the first integration test: the machine's Podman settings, and a clean bench. After the last: a clean bench. */
export default async function setup(): Promise<() => Promise<void>> {
  // Test files run in processes of their own, which take over this environment.
  process.env.DEVBOX_TEST_RUN = `${PREFIX}${process.pid.toString(36)}-`;
  const prepared = spawnSync("sh", ["scripts/host-prepare.sh", "--test-tools"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (prepared.status !== 0) throw new Error("scripts/host-prepare.sh could not make this machine ready for Podman");
  const conf = /^CONTAINERS_CONF=(.+)$/m.exec(prepared.stdout)?.[1];
  if (conf !== undefined) process.env.CONTAINERS_CONF = conf;
  await removeLeftovers();
  if (process.getuid?.() === 0) await removeLeftoverUsers();
  return async () => {
    await removeTestObjects();
    if (process.getuid?.() === 0) await removeRootlessUser();
  };
}
