import type { Shown } from "../../core/lifecycle/moment-text.ts";
import { orNull } from "../json.ts";
import { archiveJson, presentArchived } from "./archives.ts";
import type { DestroyResult } from "../../usecases/destroy.ts";

/** The end of `destroy`. */
export function presentDestroy({ name, keptVolume, archive, slots }: DestroyResult, shown: Shown): string {
  const left = `${String(slots.used)} of ${String(slots.allowed)} boxes left.`;
  if (archive !== undefined) return `  ${name} is destroyed. ${left}\n  ${presentArchived(archive, shown)}`;
  if (keptVolume === undefined) return `  ${name} is destroyed. ${left}`;
  return `  ${name} is destroyed, its home is kept. ${left}\n    Take it up again: devbox-ctl create ${name} --volume ${keptVolume}`;
}

/** `destroy --json`; its schema is docs/json/destroy.schema.json. */
export function destroyJson({ name, keptVolume, archive, slots }: DestroyResult) {
  return {
    ...{ name, destroyed: true, keptVolume: orNull(keptVolume) },
    ...{ archive: archive === undefined ? null : archiveJson(archive), slots },
  };
}
