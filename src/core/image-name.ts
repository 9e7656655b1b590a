import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";

/** A host with or without a port, before the first slash: `localhost`, `registry.example:5000`, `[::1]`. */
const HOST = String.raw`(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?)`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*`;
const TAG = String.raw`[\w][\w.-]{0,127}`;
const DIGEST = String.raw`[a-zA-Z][a-zA-Z0-9]*(?:[+._-][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,128}`;

/** The grammar of names that all engines share; an id is one of its words. */
const NAME = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`);
/** Most characters, as engines have it without tag and digest. */
const MOST = 255 + 128 + 160;

/** Other places than its own storage that an engine would look in for `PLACE:WHATEVER`. */
const PLACE =
  /^(?:containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball|https?):/;

/**
 * The name or id of an image in the engine's own storage, as given. Nothing else may be told to an engine: it would
 * take a path or an address for an image to fetch.
 * @throws {DevboxError} INVALID_SPEC
 */
export function checkImageName(text: string): string {
  if (text.length <= MOST && NAME.test(text) && !PLACE.test(text)) return text;
  const isPlace = PLACE.test(text) || /^[./]|:\//.test(text);
  throw new DevboxError("INVALID_SPEC", `${quote(text)} is no name of an image.`, {
    why: isPlace
      ? "It says where an image is to be had; boxes are made from images that are on this host already."
      : "It is neither a name, such as localhost/devbox:latest, nor an id.",
    next: [
      "Give one of these: devbox-ctl image list",
      ...(isPlace ? ["Load an archive first: devbox-ctl image load FILE"] : []),
    ],
  });
}
