import manifest from "../../containers/box/image.json" with { type: "json" };

/**
 * The image contract (docs/image-contract.md) as this program needs it; the one definition is
 * containers/box/image.json, which the image builders read as well.
 */
export const IMAGE = manifest;

/** Label of an image that says which version of the contract it keeps. */
export const CONTRACT_LABEL = "devbox-ctl.image.contract";

/** Label of an image built here: SHA-256 over everything that determined it. */
export const KEY_LABEL = "devbox-ctl.image.key";

/** Label of an image built here: the names of its parts, separated by commas. */
export const PARTS_LABEL = "devbox-ctl.image.parts";

/**
 * Containerfile instructions that give an imported root file system what the manifest says.
 * @param more labels on top of the manifest's
 */
export function importChanges(more: Readonly<Record<string, string>> = {}): string[] {
  const { entrypoint, stopSignal, workingDir, env, labels } = IMAGE;
  return [
    `ENTRYPOINT ${JSON.stringify(entrypoint)}`,
    `STOPSIGNAL ${stopSignal}`,
    `WORKDIR ${workingDir}`,
    ...Object.entries(env).map(([name, value]) => `ENV ${name}=${value}`),
    ...Object.entries({ ...labels, ...more }).map(([name, value]) => `LABEL ${name}=${value}`),
  ];
}

/** The name that an image is known by whatever comes after it. */
export function contentName(key: string): string {
  return `localhost/devbox:${key.slice(0, 12)}`;
}
