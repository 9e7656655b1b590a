import { fileOfOthers } from "../core/gate/commands.ts";
import type { ImageRequest, OptionalPart } from "../ports/image-builder.ts";

import { sideOfBoundary } from "./boundary/crossing.ts";

export { OPTIONAL_PARTS } from "../ports/image-builder.ts";

interface ImageFlags {
  readonly minimal: boolean;
  readonly without: readonly OptionalPart[];
  readonly "zed-server"?: string | undefined;
  readonly "zed-sha256"?: string | undefined;
  readonly "zed-name"?: string | undefined;
}

/** What the flags of `image build` ask for. @throws {DevboxError} NOT_PERMITTED for a file of a caller's at the account */
export function imageRequest(flags: ImageFlags): ImageRequest {
  const { "zed-server": server, "zed-sha256": sha256, "zed-name": name } = flags;
  if (server?.startsWith("https://") === false && sideOfBoundary()?.side === "account") {
    throw fileOfOthers("--zed-server", server);
  }
  const zed = server === undefined || sha256 === undefined ? undefined : { server, sha256, ...(name && { name }) };
  return { minimal: flags.minimal, without: [...new Set(flags.without)], ...(zed && { zed }) };
}
