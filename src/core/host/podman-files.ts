import { HEADER } from "./places.ts";

/** A text for TOML. */
const toml = (text: string): string => JSON.stringify(text);

interface PodmanWanted {
  /** Directories with hooks, in order. */
  readonly hookDirs: readonly string[];
  readonly runtime: string | null;
}

/** The account's containers.conf. */
export function containersConf({ hookDirs, runtime }: PodmanWanted): string {
  return [
    HEADER,
    "[containers]",
    "# The journal shows a system account none of its own lines.",
    'log_driver = "k8s-file"',
    "[engine]",
    'events_logger = "file"',
    "# Closes networks to boxes when they start.",
    `hooks_dir = [${hookDirs.map(toml).join(", ")}]`,
    ...(runtime === null ? [] : [`runtime = ${toml(runtime)}`]),
    "",
  ].join("\n");
}

interface StorageWanted {
  readonly overlay: "native" | "fuse";
  /** The account's home and user id. */
  readonly home: string;
  readonly uid: number;
}

/** The account's storage.conf. */
export function storageConf({ overlay, home, uid }: StorageWanted): string {
  return [
    HEADER,
    "[storage]",
    'driver = "overlay"',
    "# Where Podman keeps them without root anyway; podman commit and others refuse a file that does not say it.",
    `runroot = ${toml(`/run/user/${uid}/containers`)}`,
    `graphroot = ${toml(`${home}/.local/share/containers/storage`)}`,
    ...(overlay === "native"
      ? []
      : [
          "# This kernel or file system has no overlay without root.",
          "[storage.options.overlay]",
          'mount_program = "/usr/bin/fuse-overlayfs"',
        ]),
    "",
  ].join("\n");
}

/** Seconds for which Podman's service waits for a further command before it ends; starting it takes some 60 ms. */
const IDLE = 600;

/** Drop-in of podman.service in the account's manager. */
export function podmanService(podman: string): string {
  return [
    HEADER,
    "[Service]",
    "ExecStart=",
    `ExecStart=${podman} --log-level=warn system service --time=${IDLE}`,
    "# Boxes and what watches them stay when the service ends.",
    "KillMode=process",
    "Delegate=yes",
    "TasksMax=infinity",
    "",
  ].join("\n");
}
