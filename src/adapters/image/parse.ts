import type { BuildEvent, ImagePart } from "../../ports/image-builder.ts";

/** A line of the build script's standard error. */
export function parseEvent(line: string): BuildEvent {
  const [, part, state, seconds] = /^([a-z-]+): (being made|kept from before|made in (\d+) s)$/.exec(line) ?? [];
  if (part === undefined) return { kind: "phase", line };
  if (seconds !== undefined) return { kind: "part", part, state: "made", seconds: Number(seconds) };
  return { kind: "part", part, state: state === "being made" ? "begun" : "kept" };
}

/** What the build script prints, and /usr/share/devbox/parts says in the image: a part and its version in each line. */
export function parseParts(stdout: string): ImagePart[] {
  return stdout.split("\n").flatMap((line) => {
    const [name, version] = line.split(" ");
    return name && version ? [{ name, version }] : [];
  });
}

/** The part that could not be made, as the last line of the build script names it. */
export const failedPart = (said: string): string | undefined => /^build: the part ([a-z-]+) failed$/m.exec(said)?.[1];
