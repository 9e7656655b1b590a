/** The time zone that this host's clocks show, by its name in the zone database. */
export function hostZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
