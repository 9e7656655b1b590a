import type { Ledger } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";

type MappingCalls = Pick<Ledger, "mappingSlots" | "mappingSlot" | "takeMappingSlot" | "keepMappingSlot">;

/** Which range of host ids each owner has. */
export function mappingCalls(core: LedgerCore): MappingCalls {
  const slotOf = (owner: string) =>
    core.query("SELECT slot FROM mappings WHERE owner = ?", owner)[0]?.slot as number | undefined;
  const enter = (owner: string, slot: number) =>
    core.query("INSERT INTO mappings VALUES (?, ?) ON CONFLICT DO NOTHING", owner, slot);
  const slots = () => core.query("SELECT slot FROM mappings ORDER BY slot").map((row) => row.slot as number);
  return {
    mappingSlots: slots,
    mappingSlot: slotOf,
    takeMappingSlot: (owner, taken, most) =>
      core.transaction(() => {
        const known = slotOf(owner);
        if (known !== undefined) return known;
        const all = new Set([...taken, ...slots()]);
        let slot = 0;
        while (all.has(slot)) slot += 1;
        if (slot >= most) return undefined;
        enter(owner, slot);
        return slot;
      }),
    keepMappingSlot: (owner, slot) => {
      enter(owner, slot);
    },
  };
}
