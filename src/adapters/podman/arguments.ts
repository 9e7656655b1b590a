import type { IdMapping } from "../../core/id-mapping.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { NewContainer, Session } from "../../ports/engine.ts";
import { CLOSED } from "./network-hook.ts";

/** Most that Podman keeps of a box's log; in the box each service has its own last lines. */
const LOG_SIZE = "10mb";

export interface CreateOptions {
  readonly runtime: string | null;
  readonly start: boolean;
}

/** Arguments of `podman run -d` or `podman create` for one box. */
export function createArguments(box: NewContainer, options: CreateOptions): string[] {
  const { spec } = box;
  const limits = {
    cpus: ["--cpus", String(spec.cpus)],
    // Swap on top of the memory limit would let a box push the host into swapping.
    memory: ["--memory", `${String(spec.memory)}b`, "--memory-swap", `${String(spec.memory)}b`],
    pids: ["--pids-limit", String(spec.pids)],
  };
  return [
    ...(options.start ? ["run", "--detach"] : ["create"]),
    ...["--name", box.name, "--hostname", box.hostname],
    ...Object.entries(box.labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
    "--pull=never",
    // What services say is dev's to fill; the journal would be the host's disk.
    ...["--log-driver", "k8s-file", "--log-opt", `max-size=${LOG_SIZE}`],
    // Ours to decide (desired state and resume); Podman's own policies bring back what was stopped.
    "--restart=no",
    ...(options.runtime === null ? [] : ["--runtime", options.runtime]),
    ...Object.entries(limits).flatMap(([limit, args]) => (box.unenforced.some((u) => u === limit) ? [] : args)),
    ...["--volume", `${spec.home}:${IMAGE.volumes.home}`],
    ...["--volume", `${spec.private}:${IMAGE.volumes.private}`],
    ...Object.entries(IMAGE.tmpfs).flatMap(([path, options]) => ["--tmpfs", `${path}:${options.join(",")}`]),
    "--cap-drop=all",
    `--cap-add=${IMAGE.capabilities.join(",")}`,
    "--security-opt=no-new-privileges",
    ...separation(box),
    ...(spec.readOnly ? ["--read-only"] : []),
    ...(spec.services.length === 0 ? [] : ["--env", `${IMAGE.servicesVariable}=${spec.services.join(",")}`]),
    // A name that begins with a dash would be read as an option.
    "--",
    spec.image,
  ];
}

/** The ids of the engine that users and groups of a container have. */
export function idArguments({ first, size }: IdMapping): string[] {
  const ids = `0:${String(first)}:${String(size)}`;
  return [`--uidmap=${ids}`, `--gidmap=${ids}`];
}

/** What keeps a box apart from the host, the account and other boxes. */
function separation({ spec, network }: NewContainer): string[] {
  return [
    ...(spec.idmap === null ? [] : idArguments(spec.idmap)),
    // A network of its own, on which no other box is; the host's loopback stays closed whatever the host's settings.
    `--network=${network === "slirp4netns" ? "slirp4netns:allow_host_loopback=false" : "pasta:--no-map-gw"}`,
    `--annotation=${CLOSED.key}=${CLOSED.value}`,
    // The host's own /etc/hosts may name machines that are none of a box's business.
    "--no-hosts",
  ];
}

/** Arguments of `podman exec` for a person's or a script's session as dev. */
export function sessionArguments(session: Session): string[] {
  return [
    "exec",
    "--interactive",
    // Podman's default keys would swallow every Ctrl-P of a shell.
    ...(session.tty ? ["--tty", "--detach-keys="] : []),
    ...["--user", IMAGE.user.name],
    ...Object.entries(session.env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    session.containerId,
    IMAGE.programs.session,
    ...["--id", session.sessionId],
    ...(session.command === undefined ? ["--shell"] : ["--", ...session.command]),
  ];
}
