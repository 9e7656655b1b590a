import { DevboxError } from "./errors.ts";
import { IMAGE } from "./image-contract.ts";
import { quote } from "./text.ts";

/** The home of `dev` in every box; nothing outside it can be copied. */
export const HOME = IMAGE.volumes.home;

/**
 * A path in a box, made absolute (relative to the home) and normalised.
 * This is the first of two checks: it knows only the text. The second is made in the box, where links are.
 * @throws {DevboxError} INVALID_PATH when it leaves the home or cannot be a path.
 */
export function homePath(path: string): string {
  if (path.includes("\0")) {
    throw new DevboxError("INVALID_PATH", `${quote(path)} is not a path.`, { next: ["Leave out the null character"] });
  }
  const absolute = path.startsWith("/") ? path : `${HOME}/${path === "~" ? "" : path.replace(/^~\//, "")}`;
  const parts: string[] = [];
  for (const part of absolute.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const normal = `/${parts.join("/")}`;
  if (normal === HOME || normal.startsWith(`${HOME}/`)) return normal;
  throw outsideHome(path);
}

/** The error for a path that leaves the home, found by either check. */
export function outsideHome(path: string): DevboxError {
  return new DevboxError("INVALID_PATH", `${quote(path)} is outside ${HOME}.`, {
    why: "Only the home of dev can be copied to and from; links that lead out of it are not followed.",
    next: [`Name a path under ${HOME}, for example NAME:workspace/file`],
  });
}

/** One side of a copy. */
export type CopySide =
  | { readonly kind: "box"; readonly box: string; readonly path: string }
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "stream" };

/** Reads one argument of `cp`: `NAME:PATH` in a box, `-` for the standard streams, else a local path. */
export function copySide(argument: string): CopySide {
  if (argument === "-") return { kind: "stream" };
  const colon = argument.indexOf(":");
  // As with scp: a slash before the colon makes it a local path, so ./a:b can be named.
  if (colon <= 0 || argument.slice(0, colon).includes("/")) return { kind: "local", path: argument };
  return { kind: "box", box: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/**
 * The name that a copy of a path gets in a directory, from the path as it was typed; undefined when `cp -r` would
 * copy the contents alone (`src/.`, `.`, `..`).
 */
export function entryName(path: string): string | undefined {
  const last = path.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last === "" || last === "." || last === ".." ? undefined : last;
}
