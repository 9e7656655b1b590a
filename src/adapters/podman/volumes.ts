import { LABEL } from "../../core/labels.ts";
import type { ContainerEngine, EngineVolume } from "../../ports/engine.ts";
import { parseVolumes } from "./parse-info.ts";
import { classify, type PodmanCommand, runPodman } from "./run.ts";

type VolumeCalls = Pick<ContainerEngine, "volumes" | "createVolume" | "removeVolume" | "volumeSizes">;

/** What Podman says of a volume that is not there. */
const GONE = /no such volume|no volume with name/i;

/** Podman 4 fails to list at all when somebody removes any volume meanwhile; this often it is asked again. */
const LIST_ATTEMPTS = 5;

/** Podman calls about volumes. */
export function volumeCalls(command: PodmanCommand, namespace: string): VolumeCalls {
  return {
    async volumes() {
      const filter = `label=${LABEL.namespace}=${namespace}`;
      const args = ["volume", "ls", "--format", "json", "--filter", filter];
      for (let attempt = 1; ; attempt += 1) {
        const isLast = attempt === LIST_ATTEMPTS;
        const { exitCode, stdout, stderr } = await runPodman(command, args, { allow: () => !isLast });
        if (exitCode === 0) return parseVolumes(namespace, stdout);
        if (!GONE.test(stderr)) throw classify(args, stderr, exitCode);
      }
    },

    async createVolume(name, labels, token) {
      const args = Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
      await runPodman(command, ["volume", "create", ...args, name], { token });
    },

    async removeVolume(name, token) {
      const args = ["volume", "rm", name];
      const { exitCode, stderr } = await runPodman(command, args, { token, allow: (code) => code === 1 });
      // 1 is "no such volume" and, in some versions, other failures: only these words mean that it is gone.
      if (exitCode === 1 && !GONE.test(stderr)) throw classify(args, stderr, exitCode);
    },

    async volumeSizes(volumes) {
      const measured = volumes.filter((volume) => volume.mountpoint.startsWith("/"));
      if (measured.length === 0) return new Map();
      const du = ["--summarize", "--one-file-system", "--block-size=1", "--", ...measured.map((v) => v.mountpoint)];
      // The service measures nothing, so this is done here, as the account that it runs as. Rootless homes belong to subordinate ids, which only podman's user namespace can read; root needs none.
      const [program, args] = process.getuid?.() === 0 ? ["du", du] : [command.path, ["unshare", "du", ...du]];
      const { stdout } = await runPodman({ ...command, path: program, socket: undefined }, args, { allow: () => true });
      return sizesByName(measured, stdout);
    },
  };
}

/** Lines of `du`: bytes, tab, path. A volume that could not be read is left out. */
function sizesByName(volumes: readonly EngineVolume[], stdout: string): Map<string, number> {
  const byPath = new Map(volumes.map((volume) => [volume.mountpoint, volume.name]));
  return new Map(
    stdout.split("\n").flatMap((line) => {
      const [bytes = "", path = ""] = line.split("\t");
      const name = byPath.get(path);
      return name !== undefined && /^\d+$/.test(bytes) ? [[name, Number(bytes)] as const] : [];
    }),
  );
}
