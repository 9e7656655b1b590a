import { CONTRACT_LABEL, KEY_LABEL, PARTS_LABEL } from "../../core/image-contract.ts";
import { identityFrom } from "../../core/labels.ts";
import type { EngineFacts, EngineImage, EngineVolume, ImageSettings } from "../../ports/engine.ts";
import {
  fromSeconds,
  fromTimestamp,
  garbage,
  integer,
  type Json,
  jsonList,
  jsonObject,
  labels,
  need,
  object,
  text,
  texts,
} from "./parse.ts";

/** `podman info --format json`. */
export function parseInfo(stdout: string): EngineFacts {
  const json = jsonObject("info", stdout);
  const host = object(json, "host");
  const store = object(json, "store");
  const cgroup = text(host, "cgroupVersion");
  const storageDir = text(store, "graphRoot");
  if ((cgroup !== "v1" && cgroup !== "v2") || storageDir === undefined) throw garbage("info", stdout);
  return {
    version: text(object(json, "version"), "Version") ?? "unknown",
    rootless: object(host, "security").rootless === true,
    cgroupVersion: cgroup,
    controllers: texts(host, "cgroupControllers"),
    storageDriver: text(store, "graphDriverName") ?? "unknown",
    storageDir,
    runtime: text(object(host, "ociRuntime"), "name") ?? "unknown",
    network: text(host, "networkBackend") ?? "unknown",
    boxNetwork: boxNetwork(text(object(json, "version"), "Version"), host),
  };
}

/** Podman 4 knows slirp4netns; since 5 pasta is its own choice for a network that no other box is on. */
function boxNetwork(version: string | undefined, host: Json): EngineFacts["boxNetwork"] {
  const has = (program: string) => (text(object(host, program), "executable") ?? "") !== "";
  if (Number.parseInt(version ?? "", 10) >= 5 && has("pasta")) return "pasta";
  return has("slirp4netns") ? "slirp4netns" : undefined;
}

/** `podman volume ls --format json`, reduced to volumes of one namespace. */
export function parseVolumes(namespace: string, stdout: string): EngineVolume[] {
  return jsonList("volume ls", stdout).flatMap((json) => {
    const identity = identityFrom(namespace, labels(json));
    if (identity === undefined || identity.kind === "box") return [];
    return [
      {
        name: need("volume ls", json, "Name"),
        identity,
        createdAt: fromTimestamp(text(json, "CreatedAt")),
        mountpoint: text(json, "Mountpoint") ?? "",
      },
    ];
  });
}

/**
 * `podman images --format json`, reduced to images that say they keep the contract.
 * Podman prints an image once for each of its names, with all names each time.
 */
export function parseImages(stdout: string): EngineImage[] {
  const seen = new Set<string>();
  return jsonList("images", stdout).flatMap((json) => {
    const contract = labels(json)[CONTRACT_LABEL];
    const id = need("images", json, "Id");
    if (contract === undefined || seen.has(id)) return [];
    seen.add(id);
    return [
      {
        id,
        names: texts(json, "Names"),
        createdAt: fromSeconds(integer(json, "Created")),
        size: integer(json, "Size") ?? 0,
        contract,
        key: labels(json)[KEY_LABEL],
        parts: (labels(json)[PARTS_LABEL] ?? "").split(",").filter((part) => part !== ""),
      },
    ];
  });
}

/** `podman ps --all --format json`: full ids of the images of all containers. */
export function parseUsedImages(stdout: string): Set<string> {
  return new Set(jsonList("ps", stdout).flatMap((json) => text(json, "ImageID") ?? []));
}

/** `podman image inspect`. */
export function parseImageSettings(stdout: string): ImageSettings {
  const json = jsonList("image inspect", stdout)[0];
  if (json === undefined) throw garbage("image inspect", stdout);
  const config = object(json, "Config");
  return {
    labels: labels(json),
    entrypoint: texts(config, "Entrypoint"),
    stopSignal: text(config, "StopSignal") ?? "",
    user: text(config, "User") ?? "",
    volumes: Object.keys(object(config, "Volumes")),
  };
}
