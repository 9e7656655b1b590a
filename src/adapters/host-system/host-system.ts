import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { PLACES } from "../../core/host/places.ts";
import type { HostSystem, Manifest } from "../../ports/host-system.ts";
import { accountFacts, asAccount } from "./accounts.ts";
import { applyItem, readAnew, startManager } from "./apply.ts";
import { call } from "./calls.ts";
import { hostFacts, membersOf, missingPrograms } from "./facts.ts";
import { putFile } from "./files.ts";
import { lookAt } from "./look.ts";
import { removeVersions } from "./program.ts";
import { currentVersion, readManifest, removeItem } from "./remove.ts";
import { lockFile, run } from "./run.ts";
import { checkSshd } from "./sshd.ts";

const MINUTE = 60_000;

/** This machine. @param root directory of the package that runs now */
export function createHostSystem(root: string): HostSystem {
  return {
    isRoot: () => process.getuid?.() === 0,
    hasSystemd: () => existsSync("/run/systemd/system"),
    missing: missingPrograms,
    install: async (packages) => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      const apt = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages];
      await call(apt, "the packages could not be installed.", { env, timeout: 15 * MINUTE });
    },
    administrators: async () => {
      for (const group of ["wheel", "sudo"]) {
        if ((await run(["getent", "group", group])).exitCode === 0) return { group, members: await membersOf([group]) };
      }
      return { group: undefined, members: [] };
    },
    facts: (wanted) => hostFacts(wanted, root),
    look: (items, { account, home }) => Promise.all(items.map(async (item) => lookAt(item, home, account))),
    checkSshd,
    apply: (found, parts) => applyItem(found, parts, root),
    settle: async (changed, parts) => {
      await readAnew(changed, parts);
      removeVersions(currentVersion());
    },
    remove: removeItem,
    readManifest,
    keepManifest,
    asAccount: (account, argv) => asAccount(account, argv, { timeout: 60 * MINUTE }),
    lacksImage,
    startUnit: async (name) => (await run(["systemctl", "start", name], { timeout: 20 * MINUTE })).exitCode === 0,
    startManager,
    lock: () => lockFile("/run/devbox-ctl-setup.lock"),
  };
}

/** Podman's service is asked, as by every command: a first local Podman would keep this process's view of the host. */
async function lacksImage(account: string, { podman, image }: { readonly podman: string; readonly image: string }) {
  const uid = (await accountFacts(account))?.uid ?? -1;
  const socket = `unix:///run/user/${uid}/podman/podman.sock`;
  return (await asAccount(account, [podman, "--url", socket, "image", "exists", "--", image])).exitCode === 1;
}

async function keepManifest(manifest: Manifest | undefined): Promise<void> {
  if (manifest === undefined) {
    rmSync(PLACES.manifest, { force: true });
    if (existsSync(PLACES.etc) && readdirSync(PLACES.etc).length === 0) rmdirSync(PLACES.etc);
    return;
  }
  mkdirSync(PLACES.etc, { recursive: true, mode: 0o755 });
  const file = { path: PLACES.manifest, mode: "0600", uid: 0, gid: 0 };
  await putFile({ ...file, text: `${JSON.stringify(manifest, null, 2)}\n` }, () => Promise.resolve());
}
