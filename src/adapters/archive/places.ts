import { join } from "node:path";

/** Names of an archive's files. */
export function placesOf(dir: string, id: string) {
  return {
    file: join(dir, `${id}.tar.zst`),
    partial: join(dir, `${id}.tar.zst.partial`),
    /** How far the partial one is written. */
    mark: join(dir, `${id}.resume.json`),
    page: join(dir, `${id}.json`),
  };
}

export type Places = ReturnType<typeof placesOf>;

/** The archive that a file belongs to; undefined for a file of another kind. */
export function idOf(file: string): string | undefined {
  return /^([a-z0-9]{8})\.(?:tar\.zst|tar\.zst\.partial|resume\.json|json)(?:\.new)?$/.exec(file)?.[1];
}
