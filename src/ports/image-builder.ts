/** Parts that an image can do without, in the order in which it lists them. */
export const OPTIONAL_PARTS = ["tools", "runtimes", "syncthing", "tailscale", "code-server"] as const;
export type OptionalPart = (typeof OPTIONAL_PARTS)[number];

/** What an image is to have. */
export interface ImageRequest {
  /** The base alone; `without` is empty then. */
  readonly minimal: boolean;
  readonly without: readonly OptionalPart[];
  /** Zed's remote server, which no package brings. */
  readonly zed?: { readonly server: string; readonly sha256: string; readonly name?: string } | undefined;
}

export interface ImagePart {
  readonly name: string;
  readonly version: string;
}

/** What happens while a root file system is built. */
export type BuildEvent =
  | { readonly kind: "part"; readonly part: string; readonly state: "begun" | "kept" }
  | { readonly kind: "part"; readonly part: string; readonly state: "made"; readonly seconds: number }
  | { readonly kind: "phase"; readonly line: string };

/** What the builder made. */
interface BuiltRoot {
  /** Root file system archive, absolute path; it is the caller's until `discard`. */
  readonly file: string;
  /** SHA-256 over everything that determines the image, in hex. */
  readonly key: string;
  readonly parts: readonly ImagePart[];
  /** Removes the archive; what it was put together from stays in the cache. */
  readonly discard: () => void;
}

/** Makes the root file system of the box image on this machine, from packages, modules and the overlay. */
export interface ImageBuilder {
  /** Key of what would be built now. @throws {DevboxError} INVALID_SPEC */
  contentKey(request: ImageRequest): Promise<string>;
  /**
   * Puts the root file system together; parts that are in the cache are not made again.
   * @param options.fresh install Debian's packages anew, with the versions of today
   * @throws {DevboxError} IMAGE_BUILD_FAILED, INVALID_SPEC, HOST_DISK, STATE_UNWRITABLE
   */
  build(
    request: ImageRequest,
    options: { readonly fresh: boolean; readonly onEvent: (event: BuildEvent) => void },
  ): Promise<BuiltRoot>;
}
