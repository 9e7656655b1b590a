/** Where homes that were put away lie. */
export interface ArchiveStore {
  /** Directory of the archives; made when it is not there. */
  readonly dir: string;
}
