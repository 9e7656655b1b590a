/** The accounts of this machine. */
export interface Accounts {
  /** Whether there is an account of that name; whoever has one comes by sudo. */
  exists(name: string): boolean;
  /** Whether it is one of the administrators. */
  isAdministrator(name: string): boolean;
  /** Names of all administrators but root, as far as their groups or their accounts say so. */
  administrators(): string[];
}
