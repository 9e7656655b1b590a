import type { DestroyResult } from "../../usecases/destroy.ts";
import { orNull } from "../json.ts";

/** The end of `destroy`. */
export function presentDestroy({ name, keptVolume, slots }: DestroyResult): string {
  const left = `${String(slots.used)} of ${String(slots.allowed)} boxes left.`;
  if (keptVolume === undefined) return `  ${name} is destroyed. ${left}`;
  return `  ${name} is destroyed, its home is kept. ${left}\n    Take it up again: devbox-ctl create ${name} --volume ${keptVolume}`;
}

/** `destroy --json`; its schema is docs/json/destroy.schema.json. */
export function destroyJson({ name, keptVolume, slots }: DestroyResult) {
  return { name, destroyed: true, keptVolume: orNull(keptVolume), slots };
}
