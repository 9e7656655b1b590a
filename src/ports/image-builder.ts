/** What the builder made, or found made already. */
interface BuiltRoot {
  /** Root file system archive, absolute path. */
  readonly file: string;
  /** SHA-256 over everything that determines the image, in hex. */
  readonly key: string;
  /** False when it was taken from the cache. */
  readonly built: boolean;
}

/** Makes the root file system of the box image on this machine, from packages and the overlay. */
export interface ImageBuilder {
  /** Key of what would be built now. */
  contentKey(): Promise<string>;
  /**
   * Builds the root file system, or finds it in the cache.
   * @param options.fresh build again, with the packages of today
   * @param options.onPhase called with one line for each phase
   * @throws {DevboxError} IMAGE_BUILD_FAILED, HOST_DISK, STATE_UNWRITABLE
   */
  build(options: { readonly fresh: boolean; readonly onPhase: (line: string) => void }): Promise<BuiltRoot>;
}
